"""inputs.yml: the one small file in which a business says how its files map to the contract.

It stands in the landing folder and holds no code. Absent, files carry the contract's own names.
"""

import codecs
import difflib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from orchestration.contract import Contract, Input

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
        values: Contract column to delivered value to contract value.
        format: csv, jsonl or parquet.
        delimiter: One character between the fields of a CSV.
        encoding: Name of a Python codec.
        decimal: Sign between whole and fraction, `.` or `,`.
        thousands: Sign between groups of three digits.
        date_formats: strptime formats or `epoch_seconds`, `epoch_milliseconds`; tried first.
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
    path = landing / MAPPING_FILE
    document = _read(path) if path.is_file() else {}
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
        _column(name, "constants", place, {SOURCE}): _plain(value)
        for name, value in _map(raw, "constants", place).items()
    }
    columns = {
        _column(name, "columns", place, {SOURCE, DELETED}): _plain(value)
        for name, value in _map(raw, "columns", place).items()
    }
    values = {
        _column(name, "values", place, {SOURCE}): {
            _plain(old): _plain(new) for old, new in _map(pairs, None, place).items()
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
        files=_texts(raw, "files", place),
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


class _UniqueKeys(yaml.SafeLoader):
    """A YAML loader that refuses a key given twice, of which YAML silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if twice := sorted({str(key) for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"given twice: {', '.join(twice)}",
                node.start_mark,
            )
        return super().construct_mapping(node, deep=deep)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8-sig"), _UniqueKeys)  # noqa: S506 - safe
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name} is not valid YAML: {error}") from error
    return {} if document is None else document


def _refuse_unknown(raw: object, known: set[str], place: str) -> None:
    if not isinstance(raw, dict):
        raise MappingError(f"{place} must be a map, not {type(raw).__name__}")
    for key in raw:
        if key not in known:
            raise MappingError(f"{place}: unknown key {key!r}. {_hint(str(key), known)}")


def _hint(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return (
        f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(sorted(known))}."
    )


def _column(name: object, key: str, place: _Place, extra: set[str]) -> str:
    known = extra | ({c.name for c in place.table.columns} if place.table else set())
    if name not in known:
        hint = _hint(str(name), known)
        raise place.fail(key, f"names {name!r}, which is no column of the contract. {hint}")
    return str(name)


def _map(raw: object, key: str | None, place: _Place) -> dict[Any, Any]:
    value = raw if key is None else raw.get(key)  # type: ignore[attr-defined]
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise place.fail(key or "values", "must be a map such as `order_id: Order No`")
    return value


def _plain(value: object) -> str:
    """The text of a YAML scalar as a file would carry it."""
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


def _one_of(raw: dict[str, Any], key: str, choices: tuple[str, ...], place: _Place) -> str | None:
    value = raw.get(key)
    if value is not None and value not in choices:
        raise place.fail(key, f"is {value!r}; it must be one of {', '.join(map(repr, choices))}")
    return value


def _delimiter(value: object, place: _Place) -> str | None:
    if value is None:
        return None
    sign = _DELIMITER_NAMES.get(value, value) if isinstance(value, str) else None
    if sign is None or len(sign) != 1 or sign in '"\n\r' or not sign.isascii():
        raise place.fail("delimiter", f"is {value!r}; it must be one sign such as ';' or tab")
    return sign


def _encoding(value: object, place: _Place) -> str | None:
    if value is None:
        return None
    try:
        return codecs.lookup(str(value)).name
    except LookupError:
        raise place.fail("encoding", f"{value!r} is not known; e.g. utf-8, windows-1251") from None


def _date_formats(raw: dict[str, Any], place: _Place) -> tuple[str, ...]:
    formats = _texts(raw, "date_formats", place)
    for text in formats:
        if text not in EPOCHS and "%" not in text:
            raise place.fail(
                "date_formats",
                f"{text!r} is no format such as '%d.%m.%Y %H:%M', nor {' or '.join(EPOCHS)}",
            )
    return formats


def _time_zone(value: object, place: _Place) -> str | None:
    if value is None:
        return None
    try:
        zoneinfo.ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise place.fail("time_zone", f"{value!r} is no IANA zone such as Europe/Berlin") from None
    return str(value)


def _instant(value: object, zone: str, place: _Place) -> datetime | None:
    """UTC instant; a bare day means through its end."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            is_day = len(value.strip()) == len("2024-01-01")
            value = date.fromisoformat(value.strip()) if is_day else datetime.fromisoformat(value)
    except ValueError:
        value = None
    if not isinstance(value, date):
        raise place.fail("loaded_through", "must be a day or instant such as 2026-10-31")
    if not isinstance(value, datetime):
        value = datetime.combine(value, datetime.min.time()) + timedelta(days=1)
    if value.tzinfo is None:
        value = value.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    return value.astimezone(UTC).replace(tzinfo=None)
