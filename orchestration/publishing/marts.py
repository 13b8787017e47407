"""What is published: every table that dbt's manifest has below models/marts/."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.landing.sql import quoted

# A column of a key that may be null stands in its test as coalesce(column, '').
_NULL_SAFE = re.compile(r"^coalesce\((\w+), .*\)$")


@dataclass(frozen=True)
class Mart:
    """One public table.

    Attributes:
        schema: Its schema in the work database and in the published file.
        name: Its name.
        description: Its comment.
        columns: Comment of each column by name; a column without words has an empty one.
        not_null: Columns that the contract says are never null.
        model: Name of its dbt model, by which Dagster knows it.
        key: Columns that name a row, as its key test says; empty where it has none.
        running: Columns that go on changing for ever, as `meta: {is_running: true}` says.
    """

    schema: str
    name: str
    description: str
    columns: Mapping[str, str]
    not_null: frozenset[str]
    model: str = ""
    key: tuple[str, ...] = ()
    running: frozenset[str] = frozenset()

    @property
    def relation(self) -> str:
        """The quoted name inside a database."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"


def read_marts(manifest_file: Path) -> list[Mart]:
    """List the marts of a dbt manifest, sorted by schema and name.

    Args:
        manifest_file: dbt's manifest.json.

    Returns:
        The models below models/marts/ that are stored.
    """
    return marts_of(json.loads(manifest_file.read_text(encoding="utf-8")))


def marts_of(manifest: Mapping[str, Any]) -> list[Mart]:
    """List the marts of a dbt manifest already read. See `read_marts`."""
    nodes = [node for node in manifest["nodes"].values() if _is_mart(node)]
    keys = _keys(manifest)
    marts = (_mart(node, keys.get(node.get("unique_id"), ())) for node in nodes)
    return sorted(marts, key=lambda mart: (mart.schema, mart.name))


def _keys(manifest: Mapping[str, Any]) -> dict[str | None, tuple[str, ...]]:
    """Read the columns that name a row from the key tests, by model."""
    keys: dict[str | None, tuple[str, ...]] = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "unique_combination":
            keys[node.get("attached_node")] = tuple(
                _NULL_SAFE.sub(r"\1", column) for column in test["kwargs"]["columns"]
            )
        elif test.get("name") == "unique":
            keys.setdefault(node.get("attached_node"), (test["kwargs"]["column_name"],))
    return keys


def is_below_marts(node: Mapping[str, Any]) -> bool:
    """Return whether a node of the manifest is a model in a folder of models/marts/.

    Args:
        node: A node of dbt's manifest.
    """
    return node["resource_type"] == "model" and node["fqn"][1:-1][:1] == ["marts"]


def _is_mart(node: Mapping[str, Any]) -> bool:
    """Whether a node of the manifest is a stored model below models/marts/."""
    return is_below_marts(node) and node["config"]["materialized"] != "ephemeral"


def _mart(node: Mapping[str, Any], key: tuple[str, ...]) -> Mart:
    """Read one node of the manifest."""
    keys = {
        column
        for constraint in node.get("constraints") or []
        if constraint["type"] == "primary_key"
        for column in constraint.get("columns") or []
    }
    not_null = {
        name
        for name, column in node["columns"].items()
        if any(
            constraint["type"] in ("not_null", "primary_key")
            for constraint in column.get("constraints") or []
        )
    }
    return Mart(
        schema=node["schema"],
        name=node.get("alias") or node["name"],
        description=_one_line(node.get("description")),
        columns={
            name: _one_line(column.get("description")) for name, column in node["columns"].items()
        },
        not_null=frozenset(keys | not_null),
        model=node["name"],
        key=key,
        running=frozenset(
            name
            for name, column in node["columns"].items()
            if ((column.get("config") or {}).get("meta") or {}).get("is_running")
        ),
    )


def _one_line(text: str | None) -> str:
    """Fold a YAML block into one line, as a BI tool shows it."""
    return " ".join((text or "").split())
