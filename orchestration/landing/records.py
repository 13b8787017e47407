"""Tells which lines of a CSV cannot be part of any record, before DuckDB parses it.

DuckDB, meeting a quote that is never closed, may swallow a large part of the file without a word.
So lines whose quotes do not work out are found here and left out of what DuckDB sees; each costs
only itself. Quoted fields that rightly go over several lines stay.
"""

import re
from pathlib import Path

import duckdb
import numpy as np

from orchestration.confinement import confine
from orchestration.landing.sql import literal
from orchestration.landing.tables import prepare

_ROUNDS = 100
# Lines with an even number of quotes that are looked at behind one with an odd number.
_REACH = 20
# Three signs no line contains, so that a line is one field.
_NO_DELIMITER = "\x01\x02\x01"


def lines_as_rows(path: Path, longest: int) -> str:
    """Returns the SQL relation of a file's lines, column `line`, byte for byte as Latin-1."""
    return (
        f"read_csv({literal(str(path))}, auto_detect=false, compression='none', header=false,"
        f" delim={literal(_NO_DELIMITER)}, quote='', escape='', columns={{'line': 'VARCHAR'}},"
        f" strict_mode=false, encoding='latin-1', max_line_size={longest})"
    )


def broken_lines(
    path: Path,
    delimiter: str,
    fields: int,
    header_lines: int,
    longest: int,
    folder: Path,
) -> np.ndarray:
    """Finds the lines whose quotes fit neither a record of their own nor one over several lines.

    A line is read from the state the line before left (outside or inside a quoted field); a record
    over several lines must have as many fields as the header. Where it does not work out, the line
    that opened the quote is broken, and those after it are read again without it.

    Args:
        path: A plain text file without lines longer than `longest`.
        delimiter: Sign between fields.
        fields: Number of columns in the header.
        header_lines: Lines up to and with the header, not looked at.
        longest: Bytes a line may have.
        folder: Where the engine may put what its memory does not hold.

    Returns:
        Numbers of the broken lines, 1-based, ascending.
    """
    sign = re.escape(delimiter)
    quoted = r' *"(?:[^"]|"")*" *'
    field = rf'(?:{quoted}|[^" {sign}][^{sign}]*| +[^" {sign}][^{sign}]*| *)'
    inside = r'(?:[^"]|"")*'
    shapes = {
        "is_complete": rf"{field}(?:{sign}{field})*",
        "is_opener": rf'(?:{field}{sign})* *"{inside}',
        "is_inner": inside,
        "is_closer": rf'{inside}" *(?:{sign}{field})*',
        "is_both": rf'{inside}" *{sign}(?:{field}{sign})* *"{inside}',
    }
    listed = ", ".join(
        f"regexp_full_match(line, {literal(shape)}, 's') as {name}"
        for name, shape in shapes.items()
    )
    after_quote = """regexp_replace(line, '^([^"]|"")*"', '')"""
    with duckdb.connect() as con:
        prepare(con)
        con.execute(f"set temp_directory = {literal(str(folder / 'spilled'))}")
        confine(con, [path.resolve().parent, folder])
        # A quote opens over a line end only in a line with an odd number of them, so only such
        # lines and those that follow are looked at; in file order, so that windows can stream.
        con.execute(
            f"""create table quoted as
            select number, {listed},
                -- delimiters that separate fields, read from outside and from inside a quote
                {_separators("line", delimiter)} as outer_signs,
                {_separators(after_quote, delimiter)} as inner_signs
            from (
                select *, place_of_quoted as place,
                    max(case when is_odd then place_of_quoted end)
                        over (rows unbounded preceding) as odd_place
                from (
                    select *, row_number() over () as place_of_quoted,
                        (length(line) - length(replace(line, '"', ''))) % 2 = 1 as is_odd
                    from (
                        select row_number() over () as number, line
                        from {lines_as_rows(path, longest)}
                    )
                    where number > {header_lines} and contains(line, '"')
                )
            )
            where place - odd_place <= {_REACH}"""
        )
        con.execute("create table broken (number bigint)")
        for _ in range(_ROUNDS):
            found = con.execute(_next_broken(fields)).fetchnumpy()["number"]
            if not len(found):
                break
            con.execute("insert into broken select unnest(?::bigint[])", [found.tolist()])
            con.execute("delete from quoted where number in (select number from broken)")
        else:  # a hostile file: keep only lines that stand for themselves
            con.execute("insert into broken select number from quoted where not is_complete")
        return con.execute("select number from broken order by number").fetchnumpy()["number"]


def _separators(line: str, delimiter: str) -> str:
    """SQL count of the delimiters outside quoted fields, up to a quote that stays open."""
    bare = f"""regexp_replace({line}, '"([^"]|"")*"', '', 'g')"""
    # what follows an open quote at the begin of a field is inside it
    sign = re.escape(delimiter)
    opened = f"""regexp_replace({bare}, {literal(f'(^|{sign}) *".*$')}, '\\1', 's')"""
    return f"(length({opened}) - length(replace({opened}, {literal(delimiter)}, '')))"


def _next_broken(fields: int) -> str:
    """SQL of the lines to leave out next.

    A line hands the state outside (false) or inside (true) on to the next one. Inside, an inner or
    both-sided line stays inside and a closer ends it; any other line cannot be inside, so it is
    read as from outside. The state before a line follows from the last line that hands on the same
    state whatever it met, and the number of lines since that turn the state round.
    """
    return f"""
        with steps as (
            select *,
                not is_complete and is_opener as from_outside,
                case
                    when is_inner or is_both then true
                    when is_closer then false
                    else not is_complete and is_opener
                end as from_inside
            from quoted
        ),
        counted as (
            select *,
                sum(case when from_outside and not from_inside then 1 else 0 end)
                    over (rows unbounded preceding) as turns_through,
                max(case when from_outside = from_inside then 2 * number + from_outside::bigint end)
                    over (rows unbounded preceding) as reset_through
            from steps
        ),
        turns as (
            select *,
                coalesce(lag(turns_through) over (), 0) as turns_before,
                coalesce(lag(reset_through) over (), 0) as reset_state,
                max(case when from_outside = from_inside then turns_through end)
                    over (rows unbounded preceding) as reset_turns_through
            from counted
        ),
        states as (
            select *,
                (reset_state + turns_before - coalesce(lag(reset_turns_through) over (), 0)) % 2 = 1
                    as is_inside
            from turns
        ),
        roles as (
            select *,
                is_inside and (is_inner or is_both or is_closer) as continues,
                is_inside and not (is_inner or is_both or is_closer) as contradicts
            from states
        ),
        started as (
            select *,
                max(case when not continues and from_outside then number end)
                    over (rows unbounded preceding) as start
            from roles
        ),
        records as (
            select *, lag(start) over () as start_before from started
        ),
        -- the lines of records over several lines: who opens, who goes on, whether it is closed
        spans as (
            select start, sum(case when continues then inner_signs else outer_signs end) as signs,
                bool_or(continues and not (is_inner or is_both)) as is_closed
            from records
            where continues or from_outside
            group by start
        )
        select distinct number from (
            select number from records where not continues and not is_complete and not is_opener
            union all
            select start_before from records where contradicts
            union all
            select start from spans
            where not is_closed or signs not between {fields - 1} and {fields}
        ) where number is not null order by number"""
