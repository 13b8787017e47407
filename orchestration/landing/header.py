"""Matches the columns a file has to the columns of the contract."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestration.contract import Input
from orchestration.landing.mapping import DELETED, SOURCE, Delivery
from orchestration.landing.plain_text import FileError

# What a header may be shown as; anything else could be a value of a file without a header.
_SHOWABLE = re.compile(r"(?=.*[^\W\d])[\w .\-/()#%&:]{1,40}")

_MOST_SHOWN = 80


@dataclass(frozen=True)
class Matched:
    """Which delivered column holds which column of the contract.

    Attributes:
        columns: Contract column, `_source` or `_deleted` to the position of the delivered column.
        unknown: Names of delivered columns the contract does not know.
        missing: Required columns that neither a delivered column nor a constant gives.
        notes: What a person should know.
    """

    columns: Mapping[str, int]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def normalised(name: str) -> str:
    """Returns a header name as names are compared: trimmed, small, with underscores."""
    return re.sub(r"[\s\-]+", "_", name.strip("\ufeff \t\r\n\u00a0").casefold())


def wanted_names(table: Input, delivery: Delivery) -> set[str]:
    """Returns every normalised name that would be recognised in a header."""
    names = {column.name for column in table.columns} | {SOURCE, DELETED}
    return names | {normalised(name) for name in delivery.columns.values()}


def match(table: Input, delivery: Delivery, names: Iterable[str]) -> Matched:
    """Matches a file's columns to the contract's.

    Args:
        table: Input the file is for.
        delivery: What inputs.yml says about it; a column it maps is taken from nowhere else.
        names: Delivered names in file order.

    Returns:
        The match.

    Raises:
        FileError: A name stands twice, or none belongs to the contract.
    """
    delivered = [normalised(name) for name in names]
    shown = [_shown(name) for name in names]
    twice = sorted(
        {shown[i] for i, name in enumerate(delivered) if name and delivered.count(name) > 1},
    )
    if twice:
        raise FileError(f"names a column more than once in its header: {', '.join(twice)}")
    positions = {name: index for index, name in enumerate(delivered) if name}
    notes = []
    columns: dict[str, int] = {}
    for column in (*(c.name for c in table.columns), SOURCE, DELETED):
        stated = delivery.columns.get(column)
        if column in delivery.constants:
            continue
        index = positions.get(normalised(column if stated is None else stated))
        if index is not None:
            columns[column] = index
        elif stated is not None:
            named = stated if len(stated) <= _MOST_SHOWN else stated[: _MOST_SHOWN - 1] + "…"
            notes.append(f"has no column {named!r}, which inputs.yml gives for {column}")
    if _may_be_source(table, columns, delivery, positions):
        columns[SOURCE] = positions["source"]
        notes.append("column source is taken as _source, the system or shop the rows are from")
    if not set(columns) - {SOURCE, DELETED}:
        found = ", ".join(shown[:10]) or "nothing"
        raise FileError(
            f"has no column of {table.name} in its header; found: {found}. Is the delimiter right,"
            " is the header the first line, are the columns mapped in inputs.yml?",
        )
    used = set(columns.values())
    unknown = tuple(
        shown[index] for index, name in enumerate(delivered) if name and index not in used
    )
    given = columns.keys() | delivery.constants.keys()
    missing = tuple(c.name for c in table.columns if c.required and c.name not in given)
    return Matched(columns, unknown, missing, tuple(notes))


def _may_be_source(
    table: Input,
    columns: Mapping[str, int],
    delivery: Delivery,
    positions: Mapping[str, int],
) -> bool:
    """A column `source` is the key's source, unless the input has a column of that name."""
    return (
        SOURCE not in columns
        and SOURCE not in delivery.constants
        and SOURCE not in delivery.columns
        and "source" in positions
        and positions["source"] not in columns.values()
        and all(column.name != "source" for column in table.columns)
    )


def _shown(name: str) -> str:
    text = name.strip()
    return text if _SHOWABLE.fullmatch(text) else f"a column named by {len(text)} characters"
