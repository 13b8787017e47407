"""inputs.yml: the one small file in which a business says how its files map to the contract.

It stands in the landing folder and holds no code: plain YAML, its texts data and nothing else, no
path out of the folder. Absent, files carry the contract's own names.
"""

import codecs
import difflib
import re
import zoneinfo
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import yaml

from orchestration.contract import Contract, Input
from orchestration.landing.folder import FileError, entry_of, opened
from orchestration.showing import showable, showable_name

MAPPING_FILE = "inputs.yml"
SOURCE = "_source"
DELETED = "_deleted"
NULL_TEXTS = (
    "NULL",
    "null",
    "\\N",
    "NaN",
    "nan",
    "NaT",
    "<NA>",
    "#N/A",
    "0000-00-00",
    "0000-00-00 00:00:00",
)
FILE_FORMATS = ("csv", "jsonl", "parquet")
EPOCHS = ("epoch_seconds", "epoch_milliseconds")
# Days since 1899-12-30, in local time, as spreadsheets keep a date: 45658 is 2025-01-01.
SERIAL_DAYS = "spreadsheet_days"

_GLOBAL_KEYS = {
    "inputs",
    "constants",
    "format",
    "delimiter",
    "encoding",
    "decimal",
    "thousands",
    "date_formats",
    "time_zone",
    "loaded_through",
    "null_texts",
}
_DELIVERY_KEYS = (_GLOBAL_KEYS - {"inputs"}) | {"files", "columns", "values"}
_MOST_BYTES = 1_000_000
# Values after every alias is written out: a few lines of YAML can stand for billions.
_MOST_VALUES = 100_000
_MOST_SHOWN = 80
# Codecs of Python that give no text, or text that cannot be written as UTF-8.
_NO_ENCODINGS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"}
# What is not a text though it is written without quotes: nothing, and a merged map.
_RESOLVED = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class MappingError(ValueError):
    """inputs.yml says something that cannot be followed; the message says where and what would."""


@dataclass(frozen=True)
class Delivery:
    """How some files of one input are to be read; None = detect.

    Attributes:
        files: Globs below the landing folder; empty = the input's default names.
        columns: Contract column to delivered column.
        constants: Contract column (or `_source`) to the text it has in every row.
        values: Contract column (or `_source`, `_deleted`) to delivered value to contract value.
        format: csv, jsonl or parquet.
        delimiter: One character between the fields of a CSV.
        encoding: Name of a Python codec.
        decimal: Sign between whole and fraction, `.` or `,`.
        thousands: Sign between groups of three digits.
        date_formats: strptime formats, `epoch_seconds`, `epoch_milliseconds` or
            `spreadsheet_days`; tried first.
        time_zone: IANA zone of instants without an offset; None = business_timezone.
        loaded_through: Instant (UTC) up to which the feed is complete.
        null_texts: Texts that mean "absent", besides the empty one.
    """

    files: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    date_formats: tuple[str, ...] = ()
    time_zone: str | None = None
    loaded_through: datetime | None = None
    null_texts: tuple[str, ...] = NULL_TEXTS

    def reading(self) -> dict[str, Any]:
        """What decides how a value is read, as plain data: all but files and loaded_through."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        del plain["files"], plain["loaded_through"]
        return {
            name: {k: dict(v) if isinstance(v, Mapping) else v for k, v in value.items()}
            if isinstance(value, Mapping)
            else value
            for name, value in plain.items()
        }


def load_mapping(
    landing: Path,
    contract: Contract,
    business_timezone: str,
) -> dict[str, tuple[Delivery, ...]]:
    """Reads inputs.yml where there is one.

    Args:
        landing: The landing folder.
        contract: The input contract.
        business_timezone: Zone in which a `loaded_through` without offset is read.

    Returns:
        For every input its deliveries, at least one.

    Raises:
        MappingError: The file cannot be read, has an unknown key, or names what does not exist.
    """
    document = _read(landing)
    _refuse_unknown(document, _GLOBAL_KEYS, MAPPING_FILE)
    shared = {key: value for key, value in document.items() if key != "inputs"}
    mapped = document.get("inputs") or {}
    _refuse_unknown(mapped, set(contract.inputs), f"{MAPPING_FILE}: inputs")
    everywhere = _Place(MAPPING_FILE, None, business_timezone)
    deliveries = {}
    for table in contract:
        entries = mapped.get(table.name) or {}
        entries = entries if isinstance(entries, list) else [entries]
        loaded = []
        for number, entry in enumerate(entries, start=1):
            name = f"{MAPPING_FILE}: inputs: {table.name}"
            place = _Place(
                name + (f" [{number}]" if len(entries) > 1 else ""), table, everywhere.zone
            )
            _refuse_unknown(entry, _DELIVERY_KEYS, place.name)
            constants = (shared.get("constants") or {}) | (entry.get("constants") or {})
            loaded.append(_delivery(shared | entry | {"constants": constants}, place))
        if sum(not delivery.files for delivery in loaded) > 1:
            raise MappingError(
                f"{MAPPING_FILE}: inputs: {table.name}: only one of its entries may do without"
                " `files`, or they would take the same files",
            )
        deliveries[table.name] = tuple(loaded)
    if shared:
        _delivery(shared, everywhere)
    return deliveries


@dataclass(frozen=True)
class _Place:
    """Where in inputs.yml we are, of which input, and the zone of instants without offset."""

    name: str
    table: Input | None
    zone: str

    def fail(self, key: str, problem: str) -> MappingError:
        return MappingError(f"{self.name}: {key} {problem}")


def _delivery(raw: dict[str, Any], place: _Place) -> Delivery:
    constants = {
        _column(name, "constants", place, {SOURCE}): _plain(value, "constants", place)
        for name, value in _map(raw, "constants", place).items()
    }
    columns = {
        _column(name, "columns", place, {SOURCE, DELETED}): _plain(value, "columns", place)
        for name, value in _map(raw, "columns", place).items()
    }
    values = {
        _column(name, "values", place, {SOURCE, DELETED}): {
            _plain(old, "values", place): _plain(new, "values", place)
            for old, new in _map(pairs, None, place).items()
        }
        for name, pairs in _map(raw, "values", place).items()
    }
    if twice := sorted(set(constants) & set(columns)):
        raise place.fail("constants", f"and columns both give {', '.join(twice)}; give it once")
    zone = _time_zone(raw.get("time_zone"), place)
    decimal = _one_of(raw, "decimal", (",", "."), place)
    thousands = _one_of(raw, "thousands", (",", ".", " ", "'"), place)
    if thousands is not None and thousands == (decimal or "."):
        raise place.fail("thousands", f"is {thousands!r}, the same sign as decimal")
    return Delivery(
        files=_files(raw, place),
        columns=MappingProxyType(columns),
        constants=MappingProxyType(constants),
        values=MappingProxyType(values),
        format=_one_of(raw, "format", FILE_FORMATS, place),
        delimiter=_delimiter(raw.get("delimiter"), place),
        encoding=_encoding(raw.get("encoding"), place),
        decimal=decimal,
        thousands=thousands,
        date_formats=_date_formats(raw, place),
        time_zone=zone,
        loaded_through=_instant(raw.get("loaded_through"), zone or place.zone, place),
        null_texts=_texts(raw, "null_texts", place) if "null_texts" in raw else NULL_TEXTS,
    )


class _Texts(yaml.SafeLoader):
    """A YAML loader that takes a text as it is written, and refuses a key given twice.

    YAML would make NO a false, 007 a seven, 1.50 a 1.5, which no file says, and silently take the
    last of two equal keys.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the class it derives from has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag in _RESOLVED]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := sorted(key for key, count in keys.items() if count > 1):
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"given twice: {', '.join(twice)}",
                node.start_mark,
            )
        return super().construct_mapping(node, deep=deep)


def _read(landing: Path) -> dict[str, Any]:
    """Returns what the file says as plain data; an empty map where there is none."""
    found = entry_of(landing, MAPPING_FILE)
    if found is None:
        return {}
    if found.bytes > _MOST_BYTES:
        raise MappingError(f"{MAPPING_FILE} has more than {_MOST_BYTES:,} bytes; it holds too much")
    try:
        with opened(found) as (path, _):
            document = _plain_data(path.read_bytes().decode("utf-8-sig"))
    except FileError as error:
        raise MappingError(f"{MAPPING_FILE} {error}") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{MAPPING_FILE} is not valid YAML: {showable(str(error))}") from error
    except RecursionError as error:
        raise MappingError(f"{MAPPING_FILE} is not valid YAML: it is nested too deeply") from error
    # what PyYAML lets through: tags on what is no number or date, maps as keys, other encodings
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        reason = _short(str(error))
        raise MappingError(f"{MAPPING_FILE} is not valid YAML: {reason}") from error
    return {} if document is None else document


def _plain_data(text: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Returns what a YAML text says, unless its aliases stand for far more than it seems."""
    loader = _Texts(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _values_in(node, {}) > _MOST_VALUES:
            raise MappingError(
                f"{MAPPING_FILE} stands for more than {_MOST_VALUES:,} values; use fewer aliases",
            )
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _values_in(node: yaml.Node, known: dict[int, int]) -> int:
    """Counts the values of a YAML node as if every alias were written out.

    Raises:
        MappingError: A node holds itself, or a text that no data file could hold.
    """
    if id(node) in known:
        if not known[id(node)]:
            raise MappingError(f"{MAPPING_FILE} has an alias for what it stands in")
        return known[id(node)]
    known[id(node)] = 0
    if isinstance(node, yaml.ScalarNode):
        if re.search("[\0\ud800-\udfff]", node.value):
            raise MappingError(
                f"{MAPPING_FILE}, line {node.start_mark.line + 1}: the text holds a zero character"
                " or half of one"
            )
        count = 1
    elif isinstance(node, yaml.MappingNode):
        count = 1 + sum(_values_in(part, known) for pair in node.value for part in pair)
    else:
        count = 1 + sum(_values_in(part, known) for part in node.value)
    known[id(node)] = count
    return count


def _short(text: str) -> str:
    """Returns a text as a message can show it."""
    text = showable_name(text)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def _refuse_unknown(raw: object, known: set[str], place: str) -> None:
    if not isinstance(raw, dict):
        raise MappingError(f"{place} must be a map, not {type(raw).__name__}")
    for key in raw:
        if key not in known:
            name = _short(str(key))
            raise MappingError(f"{place}: unknown key {name!r}. {_hint(name, known)}")


def _hint(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return (
        f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(sorted(known))}."
    )


def _column(name: object, key: str, place: _Place, extra: set[str]) -> str:
    known = extra | ({c.name for c in place.table.columns} if place.table else set())
    if name not in known:
        shown = _short(str(name))
        hint = _hint(shown, known)
        raise place.fail(key, f"names {shown!r}, which is no column of the contract. {hint}")
    return str(name)


def _map(raw: object, key: str | None, place: _Place) -> dict[Any, Any]:
    value = raw if key is None else raw.get(key)  # type: ignore[attr-defined]
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise place.fail(key or "values", "must be a map such as `order_id: Order No`")
    return value


def _plain(value: object, key: str, place: _Place) -> str:
    """The text of a YAML scalar as a file would carry it."""
    if isinstance(value, dict | list | set | tuple | bytes):
        raise place.fail(key, f"has {type(value).__name__} where one text belongs")
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def _texts(raw: dict[str, Any], key: str, place: _Place) -> tuple[str, ...]:
    value = raw.get(key)
    if value is None:
        return ()
    value = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in value):
        raise place.fail(key, "must be a text or a list of texts")
    return tuple(value)


def _files(raw: dict[str, Any], place: _Place) -> tuple[str, ...]:
    """Patterns of names below the landing folder, and nothing else."""
    patterns = _texts(raw, "files", place)
    for pattern in patterns:
        if "://" in pattern:
            problem = "is an address; deliver the file into the landing folder"
        elif pattern.startswith("/") or ".." in pattern.split("/"):
            problem = "leads out of the landing folder; name files below it"
        else:
            continue
        raise place.fail("files", f"{_short(pattern)!r} {problem}")
    return patterns


def _one_of(raw: dict[str, Any], key: str, choices: tuple[str, ...], place: _Place) -> str | None:
    value = raw.get(key)
    if value is not None and (not isinstance(value, str) or value not in choices):
        shown = _short(str(value))
        raise place.fail(key, f"is {shown!r}; it must be one of {', '.join(map(repr, choices))}")
    return value


def _delimiter(value: object, place: _Place) -> str | None:
    if value is None:
        return None
    sign = _DELIMITER_NAMES.get(value, value) if isinstance(value, str) else None
    if sign is None or len(sign) != 1 or sign in '"\n\r' or not sign.isascii():
        shown = _short(str(value))
        raise place.fail("delimiter", f"is {shown!r}; it must be one sign such as ';' or tab")
    return sign


def _encoding(value: object, place: _Place) -> str | None:
    if value is None:
        return None
    try:
        found = codecs.lookup(str(value))
        # the same mark by which Python's own open() tells encodings from other codecs
        if found._is_text_encoding and found.name not in _NO_ENCODINGS:
            return found.name
    except (LookupError, ValueError):
        pass
    shown = _short(str(value))
    raise place.fail("encoding", f"{shown!r} is not known; e.g. utf-8, windows-1251")


def _date_formats(raw: dict[str, Any], place: _Place) -> tuple[str, ...]:
    formats = _texts(raw, "date_formats", place)
    for text in formats:
        if text not in (*EPOCHS, SERIAL_DAYS) and not _is_format(text):
            raise place.fail(
                "date_formats",
                f"{_short(text)!r} is no format such as '%d.%m.%Y %H:%M',"
                f" nor {', '.join(EPOCHS)} or {SERIAL_DAYS}",
            )
    return formats


def _is_format(text: str) -> bool:
    """Whether DuckDB, which will read the dates, takes a text for a format of dates."""
    with duckdb.connect() as con:
        try:
            con.execute("select try_strptime('', ?)", [text]).fetchall()
        except duckdb.Error:
            return False
    return "%" in text


def _time_zone(value: object, place: _Place) -> str | None:
    if value is None:
        return None
    try:
        zoneinfo.ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        shown = _short(str(value))
        raise place.fail("time_zone", f"{shown!r} is no IANA zone such as Europe/Berlin") from None
    return str(value)


def _instant(value: object, zone: str, place: _Place) -> datetime | None:
    """UTC instant; a bare day means through its end."""
    if value is None:
        return None
    try:
        return _utc(value, zone)
    except (ValueError, OverflowError):
        raise place.fail("loaded_through", "must be a day or instant such as 2026-10-31") from None


def _utc(value: object, zone: str) -> datetime:
    """The instant a day (its end), an instant or the text of either stands for, in UTC."""
    if isinstance(value, str):
        text = re.sub(r" (?=[+-]|Z$)", "", value.strip())
        is_day = len(text) <= len("2024-01-01")
        value = date.fromisoformat(text) if is_day else datetime.fromisoformat(text)
    if not isinstance(value, date):
        raise ValueError("neither a day nor an instant")  # noqa: TRY004 - told as any other text
    if not isinstance(value, datetime):
        value = datetime.combine(value, datetime.min.time()) + timedelta(days=1)
    if value.tzinfo is None:
        value = value.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    return value.astimezone(UTC).replace(tzinfo=None)
