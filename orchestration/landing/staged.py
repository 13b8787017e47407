"""Stages a delivered file: a SQL relation of its rows as text, and the lines that are no row.

The relation has `line` (physical line, header = 1; row number in Parquet) and c0, c1, … in the
order of the delivered columns. What does not parse is in the temporary table `rejects` (line,
value, message). Python sees counts, never rows.
"""

import csv
import os
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import numpy as np

from orchestration.contract import Column, Input
from orchestration.landing.convert import is_number
from orchestration.landing.header import match, normalised, wanted_names
from orchestration.landing.limits import check_columns, check_odd_lines
from orchestration.landing.mapping import Delivery
from orchestration.landing.plain_text import (
    FileError,
    Survey,
    lines_at,
    make_plain,
    survey,
    texts_of,
    uncompressed,
    without_lines,
)
from orchestration.landing.records import broken_lines
from orchestration.landing.sql import literal

LONGEST_LINE = 2_000_000
_HEADER_BYTES = 1 << 20
_HEADER_LINES = 100
_DELIMITERS = (",", ";", "\t", "|", ":", "^", "~", "\x01")
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
# A line cut within its last value looks whole.
_OPEN_END = "the last line has no line end; if the file may be cut off, look at its last value"
REASONS = {
    "MISSING COLUMNS": "has fewer fields than the header",
    "TOO MANY COLUMNS": "has more fields than the header",
    "UNQUOTED VALUE": "has a quote that is not closed",
    "INVALID ENCODING": "has bytes that are no text in the encoding of the file",
    "LINE SIZE OVER MAXIMUM": "is longer than a line may be",
}


@dataclass(frozen=True)
class Staged:
    """A delivered file, ready to be taken by SQL.

    Attributes:
        relation: SQL relation with `line` and the columns c0, c1, ….
        names: Delivered column names.
        encoding: Encoding of a text file.
        rows: Rows the relation gives.
        notes: What a person should know of the file.
        has_commas: Whether a number of the contract has a comma in it; None = not looked at.
    """

    relation: str
    names: tuple[str, ...]
    encoding: str | None
    rows: int
    notes: tuple[str, ...] = ()
    has_commas: bool | None = None


def stage_csv(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    folder: Path,
    table: Input,
    delivery: Delivery,
) -> Staged:
    """Stages a CSV file.

    Args:
        con: Connection in which the relation will be used.
        path: The delivered file, perhaps packed.
        folder: Where copies may be written; must outlive the use of the relation.
        table: Input the file is for, by whose names the delimiter is found.
        delivery: What inputs.yml says about the file.

    Returns:
        The staged file.

    Raises:
        FileError: It has no header, or its lines cannot be accounted for.
    """
    plain = make_plain(uncompressed(path, folder), folder, delivery.encoding)
    header = read_header(plain.path, delivery.delimiter, wanted_names(table, delivery))
    lines = survey(plain.path, LONGEST_LINE)
    cut = lines.long[lines.long > header.lines]
    readable, is_cut = plain.path, False
    if lines.has_odd_quotes or len(cut) or header.lines > 1:
        readable, cut = _repaired(plain.path, folder, header, lines, cut)
        is_cut = True
    numbers = _positions_of_numbers(table, delivery, header.names)
    stage = _CsvStage(con, header, lines, readable, is_cut, cut, numbers)
    staged = stage.stage(plain.path, plain.encoding)
    is_open = staged.rows > 0 and not _ends_a_line(plain.path)
    return replace(staged, notes=(_OPEN_END,)) if is_open else staged


def _positions_of_numbers(
    table: Input, delivery: Delivery, names: tuple[str, ...]
) -> tuple[int, ...]:
    """Returns where the columns stand whose decimal sign is to be found out."""
    try:
        columns = match(table, delivery, names).columns
    except FileError:  # told by whoever reads the rows, once the lines are accounted for
        return ()
    return tuple(columns[column.name] for column in table.columns if is_signed(column, columns))


def is_signed(column: Column, there: Container[str]) -> bool:
    """Whether a column is there and its numbers tell the decimal sign of a file."""
    return is_number(column) and column.personal is None and column.name in there


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


@dataclass(frozen=True)
class Header:
    """The header of a CSV file.

    Attributes:
        names: Column names as delivered.
        delimiter: Sign between fields.
        lines: Physical lines up to its end.
    """

    names: tuple[str, ...]
    delimiter: str
    lines: int


def read_header(path: Path, stated: str | None, wanted: set[str]) -> Header:
    """Reads the header of a plain CSV and finds its delimiter.

    The delimiter is the one by which most names of the contract are recognised, so that commas
    within values cannot mislead.

    Args:
        path: A plain text file.
        stated: Delimiter stated in inputs.yml.
        wanted: Normalised names that would be recognised.

    Returns:
        The header.

    Raises:
        FileError: The file is empty, or the header does not end or has too many columns.
    """
    with path.open("rb") as file:
        text = file.read(_HEADER_BYTES).decode("utf-8", "replace")
    lines = _split(text)
    skipped = 0
    while skipped < len(lines) and not lines[skipped].strip():
        skipped += 1
    if skipped == len(lines):
        raise FileError("is empty: it has not even a header")
    if separator := _SEP_LINE.fullmatch(lines[skipped]):
        stated = stated or separator[1]
        skipped += 1
    candidates = []
    for delimiter in [stated] if stated else _DELIMITERS:
        reader = csv.reader(islice(lines, skipped, None), delimiter=delimiter)
        try:
            names = next(reader, [])
        except csv.Error:
            continue
        if len(names) > 1 and not names[-1].strip():  # a delimiter behind the last name
            names.pop()
        known = len({normalised(name) for name in names} & wanted)
        candidates.append((known, len(names), Header(tuple(names), delimiter, reader.line_num)))
    if not candidates:
        raise FileError("has a header that cannot be read")
    # the first of equals, as the delimiters stand
    best = max(candidates, key=lambda candidate: candidate[:2])[2]
    if not best.names or best.lines > _HEADER_LINES:
        raise FileError("has a header that cannot be read: a quote in it is not closed")
    check_columns(len(best.names))
    if best.lines + skipped >= len(lines) and path.stat().st_size > _HEADER_BYTES:
        raise FileError(f"has a header of more than {_HEADER_BYTES:,} bytes")
    return Header(best.names, best.delimiter, best.lines + skipped)


def _split(text: str) -> list[str]:
    """Lines by line feed alone, as DuckDB has them; Python knows more line ends."""
    return [line + "\n" for line in text.split("\n")]


def _repaired(
    path: Path,
    folder: Path,
    header: Header,
    lines: Survey,
    cut: np.ndarray,
) -> tuple[Path, np.ndarray]:
    """Copies the data lines without those that no record can hold; returns these, too."""
    target = folder / "records"
    if len(cut):
        without_lines(path, cut, target)
        path = target.rename(folder / "short_lines")
    if lines.has_odd_quotes:
        broken = broken_lines(
            path,
            header.delimiter,
            len(header.names),
            header.lines,
            LONGEST_LINE + 1,
            folder,
        )
        cut = np.union1d(cut, _line_before_cut(broken, cut))
        here = np.concatenate([np.arange(1, header.lines + 1), broken])
    else:
        here = np.arange(1, header.lines + 1)
    without_lines(path, here, target)
    return target, cut


def _line_before_cut(lines: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Returns the numbers lines had before the lines `cut` (ascending) were left out."""
    thresholds = cut - np.arange(len(cut))
    return lines + np.searchsorted(thresholds, lines, side="right")


@dataclass(frozen=True)
class _CsvStage:
    """Parses a CSV twice: to find what does not parse, then, numbered rightly, for its rows."""

    con: duckdb.DuckDBPyConnection
    header: Header
    lines: Survey
    path: Path
    is_cut: bool  # whether the header and the lines `cut` are not in `path`
    cut: np.ndarray
    numbers: tuple[int, ...]

    def stage(self, delivered: Path, encoding: str) -> Staged:
        for is_parallel in (True, False):
            rows, units, commas, offsets, heights = self._scan(is_parallel=is_parallel)
            starts = self._lines_of(offsets)
            missed = self._expected_units() - units - self._unblank(starts, heights)
            if missed == 0:
                break
        else:
            raise FileError(
                f"cannot be accounted for: {abs(missed):,} of its {self.lines.lines:,} lines"
                f" {'are lost' if missed > 0 else 'stand twice'}; its quotes are damaged",
            )
        self._keep_rejects(delivered, starts)
        is_even = self._keep_gaps(starts, heights)
        columns = ", ".join(f"c{i}" for i in range(len(self.header.names)))
        filled = " or ".join(f"c{i} is not null" for i in range(len(self.header.names)))
        shifted = f"numbered.ordinal + {self.header.lines}"
        join = ""
        if not is_even:
            shifted = "numbered.ordinal + coalesce(gaps.shift, 0)"
            join = "asof left join gaps on numbered.ordinal >= gaps.threshold"
        relation = f"""(
            select {shifted} as line, {columns}
            from ({self._numbered(is_parallel=is_parallel)}) as numbered {join}
            where {filled}
        )"""
        return Staged(
            relation,
            self.header.names,
            encoding,
            rows,
            has_commas=commas > 0,
        )

    def _records(self, *, is_parallel: bool) -> str:
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.header.names)))
        return (
            f"read_csv({literal(str(self.path))}, auto_detect=false, compression='none',"
            f" header={str(not self.is_cut).lower()}, delim={literal(self.header.delimiter)},"
            f" quote='\"', escape='\"', columns={{{columns}}}, strict_mode=true,"
            f" store_rejects=true, rejects_limit=0, max_line_size={LONGEST_LINE * 8},"
            f" parallel={str(is_parallel).lower()})"
        )

    def _numbered(self, *, is_parallel: bool) -> str:
        """SQL of the records with their ordinal, counted in lines that are not blank."""
        records = self._records(is_parallel=is_parallel)
        if not self.lines.has_odd_quotes:
            return f"select row_number() over () as ordinal, * from {records}"
        return f"""
            select sum(units) over (rows unbounded preceding) - units + 1 as ordinal, *
            from (select {self._units()} as units, * from {records})"""

    def _units(self) -> str:
        """SQL of the lines of a record that are not blank: one, and one per run of line feeds."""
        joined = " || chr(31) || ".join(
            f"coalesce(c{i}, '')" for i in range(len(self.header.names))
        )
        single = f"regexp_replace({joined}, '\\n+', chr(10), 'g')"
        return f"""case when contains({joined}, chr(10))
            then 1 + length({single}) - length(replace({single}, chr(10), '')) else 1 end"""

    def _scan(self, *, is_parallel: bool) -> tuple[int, int, int, np.ndarray, np.ndarray]:
        """Parses once, to see what is there.

        Returns:
            Rows, lines they take, rows with a comma in a number, and offset and height of what is
            refused.
        """
        forget_rejects(self.con)
        fields = range(len(self.header.names))
        filled = " or ".join(f"c{i} is not null" for i in fields)
        # every column is counted, so that every column is parsed
        counted = ", ".join(f"count(c{i})" for i in fields)
        units = self._units() if self.lines.has_odd_quotes else "1"
        comma = " or ".join(f"contains(c{i}, ',')" for i in self.numbers) or "false"
        rows, taken, commas, *_ = self.con.execute(
            f"select count(*) filter (where {filled}), coalesce(sum({units}), 0),"
            f" count(*) filter (where {comma}), {counted}"
            f" from {self._records(is_parallel=is_parallel)}",
        ).fetchall()[0]
        refused = self.con.execute("select count(*) from reject_errors").fetchall()[0][0]
        check_odd_lines(refused, "do not parse")
        found = self.con.execute(
            """select cast(line_byte_position as bigint) - 1 as offset,
                1 + length(rtrim(any_value(csv_line), chr(10)))
                    - length(replace(rtrim(any_value(csv_line), chr(10)), chr(10), '')) as height
            from reject_errors group by line_byte_position order by line_byte_position""",
        ).fetchnumpy()
        return (
            int(rows),
            int(taken),
            int(commas),
            np.asarray(found["offset"], dtype=np.int64),
            np.asarray(found["height"], dtype=np.int64),
        )

    def _lines_of(self, offsets: np.ndarray) -> np.ndarray:
        """Returns the delivered line numbers of what lies at byte offsets of the parsed file."""
        if not len(offsets):
            return offsets
        lines = lines_at(self.path, offsets)
        if not self.is_cut:
            return lines
        gone = np.concatenate([np.arange(1, self.header.lines + 1), self.cut])
        return _line_before_cut(lines, gone)

    def _blank(self) -> np.ndarray:
        # a file of one column has a row, without a value, where a line is blank
        blank = self.lines.blank[self.lines.blank > self.header.lines]
        return blank if len(self.header.names) > 1 else blank[:0]

    def _expected_units(self) -> int:
        return self.lines.lines - self.header.lines - len(self.cut) - len(self._blank())

    def _covered(self, starts: np.ndarray, heights: np.ndarray) -> np.ndarray:
        """Returns the lines of what starts at a line and goes over a number of them."""
        within = np.arange(heights.sum()) - np.repeat(np.cumsum(heights) - heights, heights)
        return np.repeat(starts, heights) + within

    def _unblank(self, starts: np.ndarray, heights: np.ndarray) -> int:
        return len(np.setdiff1d(self._covered(starts, heights), self._blank()))

    def _keep_gaps(self, starts: np.ndarray, heights: np.ndarray) -> bool:
        """Stores by how many lines, of no row, each ordinal is to be shifted.

        Returns:
            Whether the shift is the same for all: the header's lines.
        """
        gone = np.unique(
            np.concatenate(
                [
                    np.arange(1, self.header.lines + 1),
                    self.cut,
                    self._blank(),
                    self._covered(starts, heights),
                ],
            ),
        )
        thresholds = gone - np.arange(len(gone))
        self.con.execute("create or replace temp table gaps (threshold bigint, shift bigint)")
        self.con.execute(
            """insert into gaps select threshold, max(shift) from (
                select unnest(?::bigint[]) as threshold, unnest(?::bigint[]) as shift
            ) group by threshold""",
            [thresholds.tolist(), np.arange(1, len(gone) + 1).tolist()],
        )
        return len(gone) == self.header.lines

    def _keep_rejects(self, delivered: Path, starts: np.ndarray) -> None:
        """Fills the temporary table `rejects`; lines with nothing but delimiters are no rows."""
        make_rejects(self.con)
        words = " ".join(f"when {literal(k)} then {literal(v)}" for k, v in REASONS.items())
        nothing = literal(rf'["\s{re.escape(self.header.delimiter)}]*')
        self.con.execute(
            f"""insert into rejects
            with places as (
                select unnest(?::bigint[]) as number, unnest(?::bigint[]) as line
            ),
            found as (
                select line_byte_position, any_value(csv_line) as value,
                    'the line ' || min(case error_type::varchar {words}
                        else 'does not parse' end) as message
                from reject_errors group by line_byte_position
            ),
            numbered as (
                select row_number() over (order by line_byte_position) as number, * from found
            )
            select places.line, numbered.value, numbered.message
            from numbered inner join places on places.number = numbered.number
            where not regexp_full_match(numbered.value, {nothing})""",
            [list(range(1, len(starts) + 1)), starts.tolist()],
        )
        for lines, reason in self._cut_reasons():
            if not len(lines):
                continue
            self.con.execute(
                """insert into rejects
                select unnest(?::bigint[]), unnest(?::varchar[]), 'the line ' || ?""",
                [lines.tolist(), texts_of(delivered, lines), reason],
            )

    def _cut_reasons(self) -> Iterator[tuple[np.ndarray, str]]:
        is_long = np.isin(self.cut, self.lines.long)
        yield self.cut[is_long], REASONS["LINE SIZE OVER MAXIMUM"]
        yield self.cut[~is_long], REASONS["UNQUOTED VALUE"]


def make_rejects(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the temporary table `rejects` anew."""
    con.execute(
        "create or replace temp table rejects (line bigint, value varchar, message varchar)",
    )


def forget_rejects(con: duckdb.DuckDBPyConnection) -> None:
    """DuckDB's own tables of rejects gather over scans."""
    for name in ("reject_errors", "reject_scans"):
        con.execute(f"drop table if exists {name}")
