"""Stages JSON Lines and Parquet files, as `staged` does CSV."""

from pathlib import Path

import duckdb
import numpy as np

from orchestration.landing.files import PARQUET_MAGIC
from orchestration.landing.header import normalised
from orchestration.landing.limits import (
    ALWAYS_ROWS,
    MOST_COLUMNS,
    MOST_ROWS_PER_BYTE,
    check_columns,
    check_odd_lines,
    may_expand_to,
)
from orchestration.landing.mapping import Delivery
from orchestration.landing.plain_text import (
    FileError,
    make_plain,
    survey,
    texts_of,
    uncompressed,
    without_lines,
)
from orchestration.landing.sql import list_of, literal, quoted
from orchestration.landing.staged import REASONS, Staged, forget_rejects, make_rejects

_LONGEST_LINE = 16_000_000
_IS_DOUBLE = "message = 'the line names a value more than once'"
# By which the bytes of a text are counted, by the type of a column of Parquet.
_LENGTHS = {"VARCHAR": "strlen", "JSON": "strlen", "BLOB": "octet_length"}
_NO_DELIMITER = "\x01\x02\x01"
# A number of more digits than a double holds is read as text, so that no digit is lost.
_LONG_NUMBER = r'("\s*:\s*)(-?\d[\d.]{15,}(?:[eE][+-]?\d+)?)(\s*[,}])'


def stage_jsonl(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    folder: Path,
    delivery: Delivery,
) -> Staged:
    """Stages a file with one JSON object per line.

    Values within an object are reached by `outer.inner` in inputs.yml.

    Args:
        con: Connection in which the relation will be used.
        path: The delivered file, perhaps packed.
        folder: Where copies may be written; must outlive the use of the relation.
        delivery: What inputs.yml says about the file.

    Returns:
        The staged file.

    Raises:
        FileError: It is one JSON array, or its lines cannot be accounted for.
    """
    plain = make_plain(uncompressed(path, folder), folder, delivery.encoding)
    with plain.path.open("rb") as file:
        if file.read(1024).lstrip().startswith(b"["):
            raise FileError("is one JSON array; JSON Lines has one object on each line")
    surveyed = survey(plain.path, _LONGEST_LINE)
    lines, long = surveyed.lines, surveyed.long
    readable = plain.path
    if len(long):
        readable = folder / "short_lines"
        without_lines(plain.path, long, readable)
    raw = (
        f"read_csv({literal(str(readable))}, auto_detect=false, compression='none', header=false,"
        f" delim={literal(_NO_DELIMITER)}, quote='', escape='', columns={{'text': 'VARCHAR'}},"
        f" strict_mode=false, store_rejects=true, rejects_limit=0,"
        f" max_line_size={_LONGEST_LINE + 2})"
    )
    forget_rejects(con)
    read, _ = con.execute(f"select count(*), count(text) from {raw}").fetchall()[0]
    words = " ".join(f"when {literal(k)} then {literal(v)}" for k, v in REASONS.items())
    refused = con.execute("select count(*) from reject_errors").fetchall()[0][0]
    check_odd_lines(refused, "are no text")
    make_rejects(con)
    _keep_gaps(con, long)
    con.execute(
        f"""insert into rejects
        with found as (
            select line, any_value(csv_line) as value,
                'the line ' || min(case error_type::varchar {words} else 'does not parse' end)
                    as message
            from reject_errors group by line
        )
        select found.line + coalesce(gaps.shift, 0), found.value, found.message
        from found asof left join gaps on found.line >= gaps.threshold""",
    )
    if len(long):
        con.execute(
            "insert into rejects select unnest(?::bigint[]), unnest(?::varchar[]), "
            "'the line ' || ?",
            [long.tolist(), texts_of(plain.path, long), REASONS["LINE SIZE OVER MAXIMUM"]],
        )
    bad = con.execute("select line from rejects order by line").fetchnumpy()["line"]
    if read + len(bad) != lines:
        raise FileError(f"cannot be accounted for: {read + len(bad):,} of {lines:,} lines read")
    _keep_gaps(con, np.asarray(bad, dtype=np.int64))
    con.execute(
        f"""create or replace temp view objects as
        with numbered as (select row_number() over () as ordinal, text from {raw}),
        exact as (
            select ordinal, text,
                case when regexp_matches(text, {literal(_LONG_NUMBER)})
                    then regexp_replace(text, {literal(_LONG_NUMBER)}, '\\1"\\2"\\3', 'g')
                    else text end as quoted_text
            from numbered where trim(text) <> ''
        )
        select exact.ordinal + coalesce(gaps.shift, 0) as line, text,
            case
                when json_valid(quoted_text) then {_object("quoted_text")}
                when json_valid(text) then {_object("text")}
            end as object
        from exact asof left join gaps on exact.ordinal >= gaps.threshold""",
    )
    con.execute(
        f"""insert into rejects
        select line, text, case when object is null then 'the line is no JSON object'
            else 'the line names a value more than once' end
        from objects where object is null or {_names_twice("object")}""",
    )
    kept = "object is not null"
    if con.execute(f"select exists (select 1 from rejects where {_IS_DOUBLE})").fetchall()[0][0]:
        kept += f" and line not in (select line from rejects where {_IS_DOUBLE})"
    names, values, paths = _json_columns(con, delivery)
    columns = "".join(f", {value} as c{i}" for i, value in enumerate(values))
    # all values of an object are taken in one pass over its text
    found = f"json_extract_string(object, {list_of(paths)})" if paths else "null"
    relation = f"""(
        select line{columns}
        from (select line, {found} as found from objects where {kept})
    )"""
    rows = con.execute(f"select count(*) from {relation}").fetchall()[0][0]
    return Staged(relation, names, plain.encoding, int(rows))


def _names_twice(item: str) -> str:
    """SQL of whether an object has a name twice, as names are compared: which value would count?"""
    keys = f"json_keys({item})"
    compared = "regexp_replace(lower(trim(name)), '[\\s-]+', '_', 'g')"
    return f"len({keys}) <> len(list_distinct(list_transform({keys}, lambda name: {compared})))"


def _object(text: str) -> str:
    return f"case when json_type({text}) = 'OBJECT' then {text} end"


def _keep_gaps(con: duckdb.DuckDBPyConnection, bad: np.ndarray) -> None:
    con.execute("create or replace temp table gaps (threshold bigint, shift bigint)")
    con.execute(
        """insert into gaps select threshold, max(shift) from (
            select unnest(?::bigint[]) as threshold, unnest(?::bigint[]) as shift
        ) group by threshold""",
        [(bad - np.arange(len(bad))).tolist(), np.arange(1, len(bad) + 1).tolist()],
    )


def _json_columns(
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
) -> tuple[tuple[str, ...], list[str], list[str]]:
    """Returns the names found in the objects, SQL of each one's text in `found`, and all paths."""
    keys = [
        key
        for (key,) in con.execute(
            """select key from (
                select line, unnest(json_keys(object)) as key from objects
            ) group by key order by min(line), key limit ?""",
            [MOST_COLUMNS + 1],
        ).fetchall()
    ]
    check_columns(len(keys))
    if any("\0" in key for key in keys):
        raise FileError("has a zero character in the name of a value")
    paths = {key: "/" + key.replace("~", "~0").replace("/", "~1") for key in keys}
    for name in delivery.columns.values():
        if "." in name and name not in paths and name.split(".")[0] in paths:
            paths[name] = "/" + name.replace("~", "~0").replace("/", "~1").replace(".", "/")
    # one name in several spellings, as long as they do not stand in the same object, is one column
    spellings: dict[str, list[str]] = {}
    for name in paths:
        spellings.setdefault(normalised(name), []).append(name)
    if not paths:
        return (), [], []
    names = tuple(spelled[0] for spelled in spellings.values())
    position = {name: index for index, name in enumerate(paths, start=1)}
    return (
        names,
        [
            f"coalesce({', '.join(f'found[{position[name]}]' for name in spelled)})"
            for spelled in spellings.values()
        ],
        list(paths.values()),
    )


def stage_parquet(con: duckdb.DuckDBPyConnection, path: Path, folder: Path) -> Staged:
    """Stages a Parquet file; `line` is the row's number.

    Args:
        con: Connection in which the relation will be used.
        path: The delivered file, perhaps packed.
        folder: Where a copy may be written.

    Returns:
        The staged file.

    Raises:
        FileError: It is no sound Parquet file, or expands beyond all measure.
    """
    path = uncompressed(path, folder)
    make_rejects(con)
    _check_expansion(con, path)
    scan = f"read_parquet({literal(str(path))}, file_row_number=true, binary_as_string=true)"
    try:
        described = con.execute(f"describe select * from {scan}").fetchall()
        types = {name: kind for name, kind, *_ in described if name != "file_row_number"}
        names = tuple(types)
        values = "".join(
            f", {_text_of(quoted(name), kind)} as c{index}"
            for index, (name, kind) in enumerate(types.items())
        )
        relation = f"(select file_row_number + 1 as line{values} from {scan})"
        rows = con.execute(f"select count(*) from {scan}").fetchall()[0][0]
    except duckdb.Error as error:
        raise FileError("is no sound Parquet file") from error
    _check_texts(con, path, int(rows))
    return Staged(relation, names, None, int(rows))


def _check_expansion(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Sees by its footer that a Parquet file does not hold far more than its size can."""
    name, size = literal(str(path)), path.stat().st_size
    try:
        rows, columns = con.execute(
            f"""select num_rows, (
                select count(distinct path_in_schema) from parquet_metadata({name})
            ) from parquet_file_metadata({name})""",
        ).fetchall()[0]
        unpacked = con.execute(
            f"select coalesce(sum(total_uncompressed_size), 0) from parquet_metadata({name})",
        ).fetchall()[0][0]
    except duckdb.Error as error:
        raise FileError("is no sound Parquet file") from error
    check_columns(columns)
    if rows > max(ALWAYS_ROWS, size * MOST_ROWS_PER_BYTE) or unpacked > may_expand_to(size):
        raise _expands(rows, unpacked, size)


def _check_texts(con: duckdb.DuckDBPyConnection, path: Path, rows: int) -> None:
    """Sees by its texts that a Parquet file does not hold far more than its size can.

    The footer counts a text once that stands in a dictionary, however many rows say it. To add up
    how long the texts are takes two hundredths of the time that reading them does.
    """
    scan, size = f"read_parquet({literal(str(path))})", path.stat().st_size
    lengths = [
        f"coalesce(sum({_LENGTHS[kind]}({quoted(name)})), 0)"
        for name, kind, *_ in con.execute(f"describe select * from {scan}").fetchall()
        if kind in _LENGTHS
    ]
    if not lengths:
        return
    held = con.execute(f"select {' + '.join(lengths)} from {scan}").fetchall()[0][0]
    if held > may_expand_to(size):
        raise _expands(rows, held, size)


def _expands(rows: int, held: int, size: int) -> FileError:
    return FileError(
        f"says to hold {rows:,} rows and {held / 1e6:,.0f} MB in {size:,} bytes; deliver it"
        " as CSV, in parts",
    )


def _text_of(column: str, kind: str) -> str:
    """SQL of a value as text; a whole double without `.0`, for ids with gaps come as doubles."""
    text = f"cast({column} as varchar)"
    if kind not in {"DOUBLE", "FLOAT"}:
        return text
    is_whole = f"isfinite({column}) and abs({column}) < 1e15 and {column} = trunc({column})"
    return f"case when {is_whole} then cast(cast({column} as bigint) as varchar) else {text} end"


def is_parquet(path: Path) -> bool:
    """Returns whether a file begins as Parquet does, whatever its name says."""
    with path.open("rb") as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
