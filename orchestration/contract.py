"""The input contract as typed objects.

The contract stands once, in models/staging/_sources.yml (source `landing`). dbt does not check the
`meta` it carries, so this loader does: an unknown key at any level, a reference to nothing, a key
without its column or a type nobody can store is refused with the place named. Landing tables,
guards, templates and docs/inputs.md are all made from what it returns.

`python -m orchestration.contract --markdown` prints docs/inputs.md.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

PROJECT_ROOT = Path(__file__).resolve().parents[1]
CONTRACT_FILE = PROJECT_ROOT / "models" / "staging" / "_sources.yml"

RULES = (
    "required",
    "type",
    "accepted_values",
    "minimum",
    "above",
    "maximum",
    "format",
    "event",
    "after",
    "not_before",
    "reference",
    "seed",
)
SEVERITIES = ("error", "warning")
FORMATS = ("currency",)
EXCESS_DECIMALS = ("truncate", "round")
PERSONAL_KINDS = ("email", "phone", "birth_date", "text")
# What a personal column of each kind may be reduced to, in this order.
STORED_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": ("varchar", "boolean"),
        "phone": ("varchar",),
        "birth_date": ("bigint",),
        "text": (),
    },
)
META_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "_source": "varchar",
        "_file": "varchar",
        "_line": "bigint",
        "_refresh_id": "varchar",
        "_loaded_at": "timestamp",
        "_is_deleted": "boolean",
        "_is_held": "boolean",
    },
)

_TYPE = re.compile(r"varchar|timestamp|date|boolean|bigint|decimal\((\d+),(\d+)\)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FILE_KEYS = {"sources"}
_SOURCE_KEYS = {"name", "schema", "description", "tables"}
_TABLE_KEYS = {"name", "description", "config", "columns"}
_TABLE_META_KEYS = {"key", "keeps_deleted"}
_COLUMN_KEYS = {"name", "description", "data_type", "config"}
_COLUMN_META_KEYS = {
    "required",
    "accepted_values",
    "minimum",
    "above",
    "maximum",
    "format",
    "event",
    "after",
    "not_before",
    "reference",
    "seed",
    "default",
    "personal",
    "stored_as",
    "severity",
    "excess_decimals",
    "example",
}


# libyaml's loader, where it is there, is ten times faster
class _UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses a key given twice, of which YAML silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if twice := sorted({str(key) for key in keys if keys.count(key) > 1}):
            reason = f"given twice: {', '.join(twice)}"
            raise yaml.constructor.ConstructorError(None, None, reason, node.start_mark)
        return super().construct_mapping(node, deep=deep)


class ContractError(ValueError):
    """The contract file says something the loader does not know or that cannot hold."""


@dataclass(frozen=True)
class Column:
    """One column a business may deliver.

    Attributes:
        name: Contract name, also the landing table's unless `stored_as` replaces it.
        description: What the value means.
        data_type: varchar, timestamp (UTC), date, boolean, bigint or decimal(p,s).
        required: A row without it is refused; a file without the column stops the refresh.
        key: Whether it is part of the input's key.
        accepted_values: The only values taken; empty = any.
        minimum: Smallest value taken.
        above: Value that must be exceeded.
        maximum: Largest value taken.
        format: `currency` (ISO 4217 code) or None.
        event: The instant or day has happened: neither before 1970 nor after the load.
        after: Column that must lie before this one.
        not_before: Column that must lie before or at this one.
        reference: `input.column` in which the value must exist.
        seed: `seed.column` in which the value must exist.
        default: Text that stands for an absent value.
        personal: email, phone, birth_date or text: never stored as delivered.
        stored_as: Landing columns, name to type, that replace a personal column.
        severity: Rule to `error` (row refused, also where absent) or `warning` (counted).
        excess_decimals: What happens to more decimals than the type holds: `truncate`, so that
            amounts can later be rounded as if from the text, or `round`.
        example: A believable delivered value.
    """

    name: str
    description: str
    data_type: str
    required: bool = False
    key: bool = False
    accepted_values: tuple[str, ...] = ()
    minimum: Decimal | None = None
    above: Decimal | None = None
    maximum: Decimal | None = None
    format: str | None = None
    event: bool = False
    after: str | None = None
    not_before: str | None = None
    reference: str | None = None
    seed: str | None = None
    default: str | None = None
    personal: str | None = None
    stored_as: Mapping[str, str] = field(default_factory=dict)
    severity: Mapping[str, str] = field(default_factory=dict)
    excess_decimals: str = "truncate"
    example: str | None = None

    def severity_of(self, rule: str) -> str:
        """Returns `error` or `warning` for one of this column's rules."""
        return self.severity.get(rule, "error")

    @property
    def is_text(self) -> bool:
        """Whether the delivered text is the value, so that no type rule can fail."""
        return self.data_type == "varchar"

    @property
    def landing_columns(self) -> dict[str, str]:
        """Columns of the landing table that hold this column, name to type."""
        return dict(self.stored_as) if self.stored_as else {self.name: self.data_type}

    @property
    def incoming_columns(self) -> dict[str, str]:
        """Columns of the incoming table, name to type.

        The landing ones, and `<name>__text` beside a typed or personal one: the text delivered,
        where there is no value or a rule could refuse it; of a personal value the shape.
        """
        has_text = self.personal is not None or not self.is_text
        return self.landing_columns | ({f"{self.name}__text": "varchar"} if has_text else {})

    def reading(self) -> dict[str, Any]:
        """What decides how a value is read and checked, as plain data: all that is not only told.

        Rules are among it, for a row that an old one refused can come only by being read anew.
        """
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        del plain["description"], plain["example"]
        return plain | {"stored_as": dict(self.stored_as), "severity": dict(self.severity)}


@dataclass(frozen=True)
class Input:
    """One table of the contract.

    Attributes:
        name: Name of the input.
        description: Its grain, "One row per …".
        key: Columns that, with `_source`, identify a row.
        columns: All columns in contract order.
        own_columns: Names of the columns that an extension adds.
        is_own: Whether the whole input is an extension's.
        keeps_deleted: A row deleted at source keeps what it last said, beside `_is_deleted`; never
            where a column is personal, as a deletion may be an erasure.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    own_columns: frozenset[str] = frozenset()
    is_own: bool = False
    keeps_deleted: bool = False

    def column(self, name: str) -> Column:
        """Returns the column of that name.

        Raises:
            KeyError: No such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    @property
    def landing_columns(self) -> dict[str, str]:
        """Columns of landing.<input>, name to type, without the meta columns."""
        return {n: t for column in self.columns for n, t in column.landing_columns.items()}

    @property
    def passed_on(self) -> tuple[Column, ...]:
        """The key and the columns of an extension: what its models may read of this input."""
        return tuple(c for c in self.columns if c.key or c.name in self.own_columns)

    @property
    def is_personal(self) -> bool:
        """Whether any column is personal, so that no raw line may be kept."""
        return any(column.personal for column in self.columns)


@dataclass(frozen=True)
class Contract:
    """All inputs by name, in the order of the file."""

    inputs: Mapping[str, Input]

    def __iter__(self) -> Iterator[Input]:
        """Yields the inputs in contract order."""
        return iter(self.inputs.values())


def load_contract(path: Path = CONTRACT_FILE, extensions: Path | None = None) -> Contract:
    """Reads and validates the contract.

    Args:
        path: A dbt sources file with one source `landing`.
        extensions: Folder of an extension, whose inputs/*.yml (of the same form) add inputs, and
            columns to ours.

    Returns:
        The contract.

    Raises:
        ContractError: An unknown key, or a statement that cannot hold; names file, table, column.
    """
    inputs: dict[str, Input] = {}
    raw_tables: dict[str, dict[str, Any]] = {}
    for table in _tables_of(path, path.name):
        loaded = _load_input(table, path.name)
        if loaded.name in inputs:
            raise ContractError(f"{path.name}: table {loaded.name} stands twice")
        inputs[loaded.name] = loaded
        raw_tables[loaded.name] = table
    if not inputs:
        raise ContractError(f"{path.name}: no tables")
    where = dict.fromkeys(inputs, path.name)
    for file in sorted((extensions / "inputs").glob("*.yml")) if extensions else []:
        for table in _tables_of(file, f"inputs/{file.name}"):
            loaded = _load_own(table, raw_tables, inputs, f"inputs/{file.name}")
            inputs[loaded.name] = loaded
            where[loaded.name] = f"inputs/{file.name}"
    for loaded in inputs.values():
        for column in loaded.columns:
            _check_reference(loaded, column, inputs, where[loaded.name])
    return Contract(inputs=MappingProxyType(inputs))


def _tables_of(path: Path, where: str) -> list[Any]:
    """Returns the tables of a sources file as they stand there."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)  # noqa: S506 - safe
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{where}: no valid YAML: {error}") from error
    _refuse_unknown(document, _FILE_KEYS, where)
    sources = document.get("sources")
    names = [s.get("name") if isinstance(s, dict) else None for s in sources or []]
    if names != ["landing"]:
        raise ContractError(f"{where}: exactly one source is expected, named landing")
    _refuse_unknown(sources[0], _SOURCE_KEYS, f"{where}: source landing")
    return sources[0].get("tables") or []


def _load_own(
    table: object,
    ours: Mapping[str, dict[str, Any]],
    inputs: Mapping[str, Input],
    where: str,
) -> Input:
    """Returns an input of an extension, or one of ours with the columns it adds."""
    name = _name_of(table, f"{where}: table")
    place = f"{where}: table {name}"
    standing = inputs.get(name)
    if standing is None:
        loaded = _load_input(table, where)
        return replace(loaded, own_columns=frozenset(c.name for c in loaded.columns), is_own=True)
    if name not in ours or standing.own_columns:
        raise ContractError(f"{place}: stands twice; give all its columns in one place")
    _refuse_unknown(table, {"name", "columns"}, f"{place}: an input of holdfast")
    added = table.get("columns") or []
    names = frozenset(_name_of(column, f"{place}: column") for column in added)
    if taken := sorted(names & {c.name for c in standing.columns}):
        raise ContractError(f"{place}: holdfast has the columns {taken} itself")
    whole = {**ours[name], "columns": [*ours[name]["columns"], *added]}
    return replace(_load_input(whole, where), own_columns=names)


def _load_input(table: object, where: str) -> Input:
    name = _name_of(table, f"{where}: table")
    place = f"{where}: table {name}"
    _refuse_unknown(table, _TABLE_KEYS, place)
    meta = _meta_of(table, _TABLE_META_KEYS, place)
    key = tuple(meta.get("key") or ())
    columns: dict[str, Column] = {}
    for raw in table.get("columns") or []:
        column = _load_column(raw, key, place)
        if column.name in columns:
            raise ContractError(f"{place}: column {column.name} stands twice")
        columns[column.name] = column
    if not key:
        raise ContractError(f"{place}: meta key is missing")
    if lost := [part for part in key if part not in columns]:
        raise ContractError(f"{place}: key names {lost}, which are no columns")
    for part in key:
        column = columns[part]
        if column.personal:
            raise ContractError(f"{place}: column {part}: a personal column cannot be in the key")
        if not column.required and not column.is_text and column.default is None:
            raise ContractError(f"{place}: column {part}: an optional key part must be varchar")
    loaded = Input(
        name,
        _text_of(table, "description", place),
        key,
        tuple(columns.values()),
        keeps_deleted=_flag_of(meta, "keeps_deleted", place),
    )
    if loaded.keeps_deleted and loaded.is_personal:
        raise ContractError(f"{place}: keeps_deleted and a personal column exclude each other")
    for column in loaded.columns:
        _check_order(column, columns, f"{place}: column {column.name}")
    stored = [n for column in loaded.columns for n in column.incoming_columns]
    if twice := {n for n in stored if stored.count(n) > 1}:
        raise ContractError(f"{place}: stored columns {sorted(twice)} stand twice")
    return loaded


def _load_column(raw: object, key: tuple[str, ...], table_place: str) -> Column:
    name = _name_of(raw, f"{table_place}: column")
    place = f"{table_place}: column {name}"
    _refuse_unknown(raw, _COLUMN_KEYS, place)
    meta = _meta_of(raw, _COLUMN_META_KEYS, place)
    data_type = str(raw.get("data_type", "")).lower().replace(" ", "")
    match = _TYPE.fullmatch(data_type)
    if not match:
        raise ContractError(f"{place}: data_type {raw.get('data_type')!r} is not known")
    if match[1] and not int(match[2]) <= int(match[1]) <= 38:
        raise ContractError(f"{place}: data_type {data_type} cannot be stored")
    column = Column(
        name=name,
        description=_text_of(raw, "description", place),
        data_type=data_type,
        required=_flag_of(meta, "required", place),
        key=name in key,
        accepted_values=_values_of(meta, place),
        minimum=_number_of(meta, "minimum", place),
        above=_number_of(meta, "above", place),
        maximum=_number_of(meta, "maximum", place),
        format=_choice_of(meta, "format", FORMATS, place),
        event=_flag_of(meta, "event", place),
        after=_optional_text(meta, "after", place),
        not_before=_optional_text(meta, "not_before", place),
        reference=_optional_text(meta, "reference", place),
        seed=_optional_text(meta, "seed", place),
        default=_optional_text(meta, "default", place),
        personal=_choice_of(meta, "personal", PERSONAL_KINDS, place),
        stored_as=MappingProxyType(_map_of(meta, "stored_as", place)),
        severity=MappingProxyType(_map_of(meta, "severity", place)),
        excess_decimals=_choice_of(meta, "excess_decimals", EXCESS_DECIMALS, place) or "truncate",
        example=_optional_text(meta, "example", place),
    )
    _check_column(column, place)
    return column


def _check_column(column: Column, place: str) -> None:
    expected = STORED_TYPES.get(column.personal or "", ())
    if tuple(column.stored_as.values()) != expected:
        raise ContractError(
            f"{place}: stored_as must hold {len(expected)} column(s) of type {list(expected)}"
            f" for personal: {column.personal}",
        )
    _check_severity(column, place)
    kinds = {
        "minimum": ("decimal", "bigint"),
        "above": ("decimal", "bigint"),
        "maximum": ("decimal", "bigint"),
        "event": ("timestamp", "date"),
        "accepted_values": ("varchar",),
        "format": ("varchar",),
        "seed": ("varchar",),
    }
    for rule, types in kinds.items():
        if _has_rule(column, rule) and not column.data_type.startswith(types):
            raise ContractError(f"{place}: {rule} needs {' or '.join(types)}")
    for what in ("default", "example"):
        value = getattr(column, what)
        if column.accepted_values and value is not None and value not in column.accepted_values:
            raise ContractError(f"{place}: {what} {value!r} is not among accepted_values")


def _check_severity(column: Column, place: str) -> None:
    for rule, severity in column.severity.items():
        if rule not in RULES:
            raise ContractError(f"{place}: severity names the unknown rule {rule!r}")
        if severity not in SEVERITIES:
            raise ContractError(f"{place}: severity of {rule} is {severity!r}, not {SEVERITIES}")
        if rule != "type" and not _has_rule(column, rule):
            raise ContractError(f"{place}: severity names the rule {rule}, which it does not have")


def _has_rule(column: Column, rule: str) -> bool:
    value = getattr(column, rule)
    return value is not None and value is not False and value != ()


def _check_order(column: Column, columns: Mapping[str, Column], place: str) -> None:
    for rule in ("after", "not_before"):
        other = getattr(column, rule)
        if other is None:
            continue
        if other not in columns or other == column.name:
            raise ContractError(f"{place}: {rule} names {other!r}, which is no other column")
        types = {column.data_type, columns[other].data_type}
        if not types <= {"timestamp", "date"} or len(types) > 1:
            raise ContractError(f"{place}: {rule} compares {sorted(types)}")


def _check_reference(
    loaded: Input,
    column: Column,
    inputs: Mapping[str, Input],
    where: str,
) -> None:
    place = f"{where}: table {loaded.name}: column {column.name}"
    if column.seed is not None and not re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", column.seed):
        raise ContractError(f"{place}: seed {column.seed!r} is not seed.column")
    if column.reference is None:
        return
    target, _, target_column = column.reference.partition(".")
    if target not in inputs:
        raise ContractError(f"{place}: reference names the unknown input {target!r}")
    names = {c.name: c for c in inputs[target].columns}
    if target_column not in names:
        raise ContractError(f"{place}: reference {column.reference!r} names no column")
    if names[target_column].data_type != column.data_type or names[target_column].personal:
        raise ContractError(f"{place}: reference {column.reference!r} is of another type")


def _refuse_unknown(raw: object, known: set[str], place: str) -> None:
    if not isinstance(raw, dict):
        raise ContractError(f"{place}: a map is expected, found {type(raw).__name__}")
    for key in raw:
        if key not in known:
            raise ContractError(f"{place}: unknown key {key!r}; known are {sorted(known)}")


def _meta_of(raw: dict[str, Any], known: set[str], place: str) -> dict[str, Any]:
    config = raw.get("config", {})
    _refuse_unknown(config, {"meta"}, f"{place}: config")
    meta = config.get("meta", {})
    _refuse_unknown(meta, known, f"{place}: meta")
    return meta


def _name_of(raw: object, place: str) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name) or "__" in name:
        raise ContractError(f"{place}: name {name!r} is not plain snake_case")
    return name


def _text_of(raw: dict[str, Any], key: str, place: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ContractError(f"{place}: {key} is missing")
    return value.strip()


def _optional_text(meta: dict[str, Any], key: str, place: str) -> str | None:
    value = meta.get(key)
    if value is not None and not isinstance(value, str):
        raise ContractError(f"{place}: {key} must be text (quote it), found {value!r}")
    return value


def _flag_of(meta: dict[str, Any], key: str, place: str) -> bool:
    value = meta.get(key, False)
    if not isinstance(value, bool):
        raise ContractError(f"{place}: {key} must be true or false, found {value!r}")
    return value


def _number_of(meta: dict[str, Any], key: str, place: str) -> Decimal | None:
    value = meta.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ContractError(f"{place}: {key} must be a number, found {value!r}")
    return Decimal(str(value))


def _choice_of(
    meta: dict[str, Any],
    key: str,
    choices: tuple[str, ...],
    place: str,
) -> str | None:
    value = _optional_text(meta, key, place)
    if value is not None and value not in choices:
        raise ContractError(f"{place}: {key} is {value!r}, not one of {list(choices)}")
    return value


def _values_of(meta: dict[str, Any], place: str) -> tuple[str, ...]:
    values = meta.get("accepted_values", [])
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise ContractError(f"{place}: accepted_values must be a list of texts (quote them)")
    if "accepted_values" in meta and (not values or len(set(values)) != len(values)):
        raise ContractError(f"{place}: accepted_values is empty or names a value twice")
    return tuple(values)


def _map_of(meta: dict[str, Any], key: str, place: str) -> dict[str, str]:
    value = meta.get(key, {})
    is_map = isinstance(value, dict)
    if not is_map or not all(isinstance(i, str) for pair in value.items() for i in pair):
        raise ContractError(f"{place}: {key} must be a map of texts, found {value!r}")
    return dict(value)


def render_markdown(contract: Contract) -> str:
    """Renders the contract as the page docs/inputs.md.

    Args:
        contract: The input contract.

    Returns:
        Markdown, ending in a newline.
    """
    lines = [
        "# Inputs, column by column",
        "",
        "Made from the contract by `python -m orchestration.contract --markdown`; a test keeps it"
        " current. `make templates` writes an empty file for each input and an `inputs.yml` in"
        " which every key is explained.",
        "",
        "**Files.** In the landing folder: `<input>.csv`, `<input>_anything.csv`,"
        " `<input>-anything.csv`, `<input>.anything.csv`, or anything in a folder `<input>/`; upper"
        " and lower case do not matter. Endings: csv, tsv, txt; jsonl, ndjson, json (one object on"
        " each line); parquet, pq; each also packed as `.gz`. Other names are mapped in"
        " `inputs.yml`, and a file named there is read for no other input by its default name. A"
        " file is loaded once, by its content and the `_source` stated there. Of rows with one key"
        " the later load wins, then the later file name, then the later line.",
        "",
        "**Columns** go by the header, in any order and case; blanks and `-` in a name count as"
        " `_`. Any file may also carry `_source` (system or shop the row is from, default `main`;"
        " also read from `source` where the input has no such column) and `_deleted` (anything but"
        " no: the row of this key is gone; nothing but the key is needed; a no of another language,"
        " such as `nein`, stops the refresh until `values` in `inputs.yml` say what it means). A"
        " subscription of which every row is gone was served until the day before the deletion"
        " came, or to `ends_at` where the deleting row states it.",
        "",
        "**Values.** Instants are ISO 8601, `T` or space, with or without seconds and offset;"
        " without an offset they are local time of `time_zone` in `inputs.yml`, else of the setting"
        " `business_timezone`; a bare date is its local midnight, and in a column of days it stays"
        " that day in every zone. Years have four digits unless a stated format says `%y`. Numbers"
        " have a decimal point or, where the file shows it, a comma; a sign between thousands is"
        " taken where it cannot be mistaken, or stated: a whole number `1.000` is refused until"
        " `thousands` or `decimal` is. Booleans: true, t, yes, y, 1; false, f, no, n, 0. Texts such"
        " as `NULL`, `NaN`, `#N/A`, and a line of nothing but delimiters, mean no value. Words of a"
        " list and currency codes may be written in any case.",
        "",
        "`!` required, `k` part of the key (with `_source`). A rule refuses the row unless it is"
        " marked *(warning)*.",
    ]
    for table in contract:
        lines += [
            "",
            f"## {table.name}",
            "",
            f"{table.description} Key: {', '.join(f'`{part}`' for part in table.key)}.",
            "",
            "| column | type | meaning | rules | example |",
            "|---|---|---|---|---|",
        ]
        for column in table.columns:
            marks = ("k" if column.key else "") + ("!" if column.required else "")
            cells = (
                f"`{column.name}` {marks}".strip(),
                column.data_type,
                column.description,
                "; ".join(_rules_of(column)),
                f"`{column.example}`" if column.example is not None else "",
            )
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _rules_of(column: Column) -> Iterator[str]:
    said = {
        "accepted_values": "one of " + ", ".join(column.accepted_values),
        "minimum": f"at least {column.minimum}",
        "above": f"above {column.above}",
        "maximum": f"at most {column.maximum}",
        "format": "ISO 4217 code",
        "event": "has happened: not before 1970, not after the load",
        "after": f"after `{column.after}`",
        "not_before": f"not before `{column.not_before}`",
        "reference": f"exists in `{column.reference}`",
        "seed": f"exists in seed `{column.seed}`",
    }
    for rule, words in said.items():
        if _has_rule(column, rule):
            yield words + (" *(warning)*" if column.severity_of(rule) == "warning" else "")
    if column.default is not None:
        yield f"absent = `{column.default}`"
    if column.personal:
        kept = ", ".join(f"`{name}`" for name in column.stored_as)
        yield f"personal: only {kept} kept" if kept else "personal: kept only by `keep_free_text`"


def main() -> None:
    """Validates the contract; with --markdown prints docs/inputs.md."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--markdown", action="store_true", help="print docs/inputs.md")
    is_markdown = parser.parse_args().markdown
    contract = load_contract()
    counted = f"the contract holds, {len(contract.inputs)} inputs\n"
    sys.stdout.write(render_markdown(contract) if is_markdown else counted)


if __name__ == "__main__":
    main()
