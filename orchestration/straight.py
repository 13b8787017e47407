"""The models run straight: the SQL that dbt compiled, one after another, by DuckDB alone.

dbt takes far longer to start a small model than DuckDB to compute it. The benchmark's floor and the
tests that build many warehouses of the same models take the compiled project from here; what dbt
adds besides (contracts, data tests, records) is not here.
"""

import json
import runpy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing.sql import literal, quoted


@dataclass(frozen=True)
class Step:
    """One model or seed.

    Attributes:
        name: Its relation, as schema.name.
        sql: Statements that make it, in a database where it may stand already.
        python: File of a Python model, run after the statements; empty for all others.
        reads: Relations that a Python model asks for, by the name of their model.
    """

    name: str
    sql: list[str]
    python: str = ""
    reads: dict[str, str] = field(default_factory=dict)


def read_dbt_manifest(target: Path) -> dict[str, Any]:
    """Return the manifest in dbt's target folder."""
    return json.loads((target / "manifest.json").read_text(encoding="utf-8"))


def steps(
    project: Path,
    target: Path,
    *,
    up_to: Collection[str] | None = None,
    without_schemas: Collection[str] = (),
) -> Iterator[Step]:
    """Yield models and seeds, each after what it reads.

    Args:
        project: Folder of the project.
        target: dbt's target folder, after `dbt compile` or a run of every model.
        up_to: Names of models; only they and what they need. None = every model.
        without_schemas: Schemas whose models are left out.

    Yields:
        What makes each.

    Raises:
        KeyError: When there is no model of a name.
    """
    manifest = read_dbt_manifest(target)
    nodes = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed") and node["schema"] not in without_schemas
    }
    graph = {name: node["depends_on"].get("nodes", []) for name, node in nodes.items()}
    needed = nodes if up_to is None else ancestors(graph, _ids(nodes, up_to))
    compiled = target / "compiled" / manifest["metadata"]["project_name"]
    for name in TopologicalSorter(graph).static_order():
        if name in nodes and name in needed:
            yield _step(project, compiled, nodes, name)


def run_step(con: duckdb.DuckDBPyConnection, step: Step) -> None:
    """Make the table or view of one step."""
    for statement in step.sql:
        con.execute(statement)
    if step.python:
        frame = runpy.run_path(step.python)["model"](_References(con, step.reads), con)
        con.register("returned", frame)
        con.execute(f"create or replace table {_relation(step.name)} as select * from returned")
        con.unregister("returned")


def ancestors(graph: Mapping[str, Collection[str]], of: Collection[str]) -> set[str]:
    """Return nodes and all they depend on, over however many steps.

    Args:
        graph: What each node depends on; what is not a key depends on nothing.
        of: The nodes to start from.
    """
    waiting, seen = list(of), set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, [])
    return seen


class _References:
    """What a Python model knows of dbt: the tables it reads."""

    def __init__(self, con: duckdb.DuckDBPyConnection, reads: Mapping[str, str]) -> None:
        self._con = con
        self._reads = reads

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        """Return the relation of a model."""
        return self._con.sql(f"select * from {_relation(self._reads[name])}")


def _step(project: Path, compiled: Path, nodes: Mapping[str, Any], name: str) -> Step:
    node = nodes[name]
    relation = f"{node['schema']}.{node['alias']}"
    schema = f"create schema if not exists {quoted(node['schema'])}"
    file = node["original_file_path"]
    if node.get("language") == "python":
        asked = [nodes[read] for read in node["depends_on"]["nodes"]]
        reads = {one["name"]: f"{one['schema']}.{one['alias']}" for one in asked}
        return Step(relation, [schema], python=str(project / file), reads=reads)
    if node["resource_type"] == "seed":
        query = _seed(project / file, node)
    else:
        query = (compiled / file).read_text(encoding="utf-8")
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    made = f"create or replace {kind} {_relation(relation)} as ({query}\n)"
    return Step(relation, [schema, made])


def _seed(path: Path, node: Mapping[str, Any]) -> str:
    types = ", ".join(
        f"{literal(name)}: {literal(kind)}"
        for name, kind in (node["config"].get("column_types") or {}).items()
    )
    return f"select * from read_csv({literal(str(path))}, header = true, types = {{{types}}})"


def _ids(nodes: Mapping[str, Any], names: Collection[str]) -> list[str]:
    by_name = {node["name"]: name for name, node in nodes.items()}
    return [by_name[name] for name in names]


def _relation(name: str) -> str:
    return ".".join(quoted(part) for part in name.split("."))
