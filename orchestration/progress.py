"""What a person sees of the long steps, read from what they leave behind."""

import re
import sys
import time
from collections.abc import Collection, Mapping
from typing import Any

from orchestration.records import connect
from orchestration.workspace import Workspace

_EVERY_SECONDS = 5.0
_BUILT = ("LogModelResult", "LogSeedResult", "LogSnapshotResult")
_RESULTS = (*_BUILT, "LogTestResult")
# the line in which dbt says again which node failed
_FRAME = re.compile(r"^(Runtime|Database|Compilation|Dependency|Parsing) Error in ")


def read_lines(workspace: Workspace) -> tuple[list[str], dict[str, Any], dict[str, int]]:
    """Say what was read.

    Args:
        workspace: Where the work database is.

    Returns:
        Lines for a person, counts for Dagster, and the rows by input.
    """
    with connect(workspace) as con:
        files, rows = con.execute(
            "select count(*), coalesce(sum(rows_read), 0) from incoming._files"
        ).fetchall()[0]
        by_input = con.execute(
            "select input, cast(sum(rows_read) as bigint) from incoming._files group by input "
            "order by input"
        ).fetchall()
        unreadable = con.execute(
            "select _file, error from incoming._files where error is not null order by _file"
        ).fetchall()
    lines = [f"{file}: {error}" for file, error in unreadable]
    if files:
        lines.append(f"{_count(files, 'new file')}, {_count(int(rows), 'row')}")
    else:
        lines.append("no new files")
    return lines, {"files": files, "rows": int(rows)}, dict(by_input)


def loaded_lines(
    workspace: Workspace, refresh_id: str
) -> tuple[list[str], dict[tuple[str, str], int], dict[str, int]]:
    """Say what was taken.

    Args:
        workspace: Where the work database is.
        refresh_id: The refresh that took it.

    Returns:
        Lines for a person, the rows of every landing and ops table by (schema, name), and those
        taken by input.
    """
    with connect(workspace) as con:
        loaded, refused, superseded = con.execute(
            "select coalesce(sum(rows_loaded), 0), coalesce(sum(rows_refused), 0), "
            "coalesce(sum(rows_superseded), 0) from ops.input_loads where refresh_id = ?",
            [refresh_id],
        ).fetchall()[0]
        by_input = con.execute(
            "select input, cast(sum(rows_loaded) as bigint) from ops.input_loads "
            "where refresh_id = ? group by input order by input",
            [refresh_id],
        ).fetchall()
        rows = con.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables() "
            "where schema_name in ('landing', 'ops')"
        ).fetchall()
    line = (
        f"{_count(loaded, 'row')} taken, {refused:,} refused, {superseded:,} replaced by later ones"
    )
    if not loaded + refused + superseded:
        line = "nothing to take"
    return [line], {(schema, name): size for schema, name, size in rows}, dict(by_input)


def _count(number: int, noun: str) -> str:
    """Say how many, with the noun in its number."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class ProjectChangedError(RuntimeError):
    """Somebody edited the project's models while they were built."""


class ModelProgress:
    """Counts dbt's events and says now and then how far it is."""

    def __init__(self, manifest: Mapping[str, Any], only: Collection[str] | None = None) -> None:
        """Count what there is to do.

        Args:
            manifest: dbt's manifest.
            only: Names of the nodes that are built, where it is not all of them; tests that look
                at one of them are counted too, as dbt runs them.
        """
        self._nodes = manifest["nodes"]
        kinds = [
            node["resource_type"]
            for node in self._nodes.values()
            if only is None or node["name"] in only or self._looks_at(node, only)
        ]
        self._models = sum(kind in ("model", "seed", "snapshot") for kind in kinds)
        self._checks = kinds.count("test")
        self._built = 0
        self._checked = 0
        self._said_at = time.monotonic()
        # taken now: while dbt runs, its own output is kept from stdout
        self._out = sys.stdout
        self._failed: dict[str, list[str]] = {}
        self._other: list[str] = []

    def _looks_at(self, node: Mapping[str, Any], names: Collection[str]) -> bool:
        """Say whether a node is a test of one that has one of some names."""
        read = node["depends_on"]["nodes"] if node["resource_type"] == "test" else ()
        return any(one in self._nodes and self._nodes[one]["name"] in names for one in read)

    def see(self, event: Mapping[str, Any]) -> None:
        """Take one event of dbt's log: counted, kept when it tells of an error.

        Args:
            event: The event, with `info` and `data`.

        Raises:
            ProjectChangedError: When dbt builds what the manifest does not know.
        """
        kind = event["info"]["name"]
        if kind in _BUILT:
            self._built += 1
        elif kind == "LogTestResult":
            self._checked += 1
        node = event["data"].get("node_info", {}).get("unique_id", "")
        if kind in _RESULTS and node not in self._nodes:
            raise ProjectChangedError(
                f"The models changed while the refresh ran ({node} is new). Run it again."
            )
        if event["info"]["level"] == "error":
            self._keep(kind, node, event["info"]["msg"])
        if time.monotonic() - self._said_at >= _EVERY_SECONDS:
            self._said_at = time.monotonic()
            self._out.write(f"{'':<10}{self.total(is_partial=True)}\n")
            self._out.flush()

    def total(self, *, is_partial: bool = False) -> str:
        """Say how many models are built and checks passed through.

        Args:
            is_partial: Whether to say of how many.
        """
        if is_partial:
            return (
                f"{self._built} of {self._models} models, {self._checked} of {self._checks} checks"
            )
        return f"{self._built} models and seeds, {self._checked} checks"

    def problems(self) -> list[str]:
        """Say of each model and check that failed what it is, where it stands and what went wrong.

        Returns:
            One text per failure; empty when all went well.
        """
        texts = []
        for node, details in self._failed.items():
            known = self._nodes.get(node, {})
            name, path = known.get("name", node), known.get("original_file_path", "")
            meaning = " ".join(known.get("description", "").split())
            lines = [f"- {name} ({path})" + (f": {meaning}" if meaning else "")]
            texts.append("\n  ".join([*lines, *details]))
        return texts + self._other

    def failed(self) -> list[str]:
        """Name the models and checks that failed."""
        return [self._nodes.get(node, {}).get("name", node) for node in self._failed]

    def _keep(self, kind: str, node: str, message: str) -> None:
        """Keep what an error line says, without the frame dbt puts around it."""
        if not node:
            if message.strip() and message.strip() not in self._other:
                self._other.append(message.strip())
            return
        details = self._failed.setdefault(node, [])
        if kind == "RunResultError":
            lines = [line.strip() for line in message.strip().splitlines()]
            details.extend(line for line in lines if line and not _FRAME.match(line))
