"""`make dev MODEL=x`: build and test one model on the rows of the last refresh, in seconds.

It builds in the private work database, while no refresh writes there; what the model reads is
taken as the last refresh built it, and only what none has built yet is built too. The published
marts are not touched, and the next refresh builds every model again.
"""

import difflib
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from orchestration.built import touching
from orchestration.contract import load_contract
from orchestration.dbt_manifest import ManifestError, dbt_arguments
from orchestration.extensions.project import lay_out, with_real_paths
from orchestration.extensions.rules import check_models
from orchestration.landing.sql import quoted
from orchestration.landing.tables import create_tables
from orchestration.lock import WriterBusyError, writer_lock
from orchestration.quiet import be_quiet
from orchestration.records import connect
from orchestration.session import lock_timeout, say
from orchestration.settings import Settings, SettingsError
from orchestration.workspace import Workspace

_BUILT = ("model", "seed", "snapshot")
_SHOWN_ROWS = 5
# dbt's own graph operators around a name: +x, 2+x, x+, @x
_OPERATORS = re.compile(r"^(@|\d*\+)?(?P<name>[^+@]*)(\+\d*)?$")


class DevError(RuntimeError):
    """The model cannot be built; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Build and test what is named.

    Args:
        arguments: Names of models, with dbt's graph operators; the process's own by default.

    Returns:
        0 when all was built and every test passed, else 1.
    """
    be_quiet()
    names = " ".join(sys.argv[1:] if arguments is None else arguments).split()
    try:
        workspace = Workspace.from_environment()
        settings = workspace.read_settings()
        _check(workspace, names)
        built: list[str] = []
        with (
            writer_lock(workspace.lock_file, lock_timeout(), lambda who: say(f"lock      {who}")),
            touching(workspace, built),
        ):
            return 0 if develop(workspace, settings, names, built=built) else 1
    except (DevError, SettingsError, WriterBusyError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
    except duckdb.Error as error:
        sys.stderr.write(f"{error}\n({workspace.work_db}: {type(error).__name__})\n")
    return 1


def _check(workspace: Workspace, names: Sequence[str]) -> None:
    """Refuse what could not be built, before anything is made."""
    if not names:
        raise DevError("Say which: make dev MODEL=orders (or MODEL=+orders with all it needs).")
    if not workspace.work_db.is_file():
        raise DevError(
            f"No refresh was run yet into {workspace.warehouse}, so there are no rows to build on: "
            "run `make refresh` first, with the LANDING, WAREHOUSE and EXTENSIONS of this command."
        )


def develop(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str],
    *,
    is_shown: bool = True,
    built: list[str] | None = None,
) -> bool:
    """Build what is named and what it lacks, run the tests, and show the result.

    Args:
        workspace: Where the work database is; the caller holds the writer lock.
        settings: Its business settings.
        names: Names of models, with dbt's graph operators.
        is_shown: Whether to show the first rows, and what was built for want of a refresh.
        built: Takes the names of what was built, or may have been.

    Returns:
        Whether all was built and every test passed.

    Raises:
        DevError: When there is no such model.
        ManifestError: When the models do not parse.
    """
    started = time.monotonic()
    lay_out(workspace)
    os.environ.update(workspace.environment())
    # dbt runs in this process, which opens the database itself afterwards
    os.environ["HOLDFAST_KEEP_OPEN"] = "False"
    from dbt.cli.main import dbtRunner

    common = ["--log-level", "none"]
    common += dbt_arguments(workspace, settings)
    # manifest.json is large, and only a refresh reads it, which notices that it is older
    outcome = dbtRunner().invoke(["parse", "--no-write-json", *common])
    if not outcome.success:
        told = with_real_paths(workspace, str(outcome.exception or ""))
        raise ManifestError(f"The models do not parse:\n{told}")
    if workspace.extensions is not None:
        check_models(workspace, outcome.result.writable_manifest().to_dict(omit_none=False))
    nodes = _nodes(outcome.result)
    wanted = [resolve(name, nodes) for name in names]
    asked = [name for _, name in wanted if name is not None]
    lacking = _lacking(workspace, nodes, asked)
    say(f"build     {' '.join(names)} in {workspace.work_db}; nothing is published")
    if lacking and is_shown:
        say(f"          and {', '.join(sorted(lacking))}, which no refresh has built yet")
    runner = dbtRunner(manifest=outcome.result)

    def build(*arguments: str) -> list[Any]:
        ended = runner.invoke(
            ["build", "--no-write-json", "--cache-selected-only", *arguments, *common]
        )
        if ended.result is None:
            raise DevError(str(ended.exception or "dbt ended without a result."))
        return list(ended.result.results)

    results = []
    if lacking:
        untested = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
        results += build("--select", *sorted(lacking), *untested)
    # tests that compare it with what it does not read wait for the refresh, which builds that too
    selectors = [selector for selector, _ in wanted]
    results += build("--select", *selectors, "--indirect-selection", "buildable")
    is_good = _tell(workspace, results)
    stands = {result.node.name for result in results if str(result.status) == "success"}
    if built is not None:
        built += [r.node.name for r in results if r.node.resource_type in _BUILT]
    for name in [name for name in asked if is_shown and name in stands]:
        _show(workspace, _node_named(name, nodes))
    say(f"\n{'Built' if is_good else 'NOT GOOD'} in {time.monotonic() - started:.1f} s.")
    return is_good


def _nodes(manifest: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - dbt is not imported here
    """Return of each node of dbt's manifest what is asked for here."""
    return {
        unique_id: {
            "name": node.name,
            "resource_type": str(node.resource_type),
            "schema": node.schema,
            "alias": node.alias,
            "depends_on": {"nodes": node.depends_on_nodes},
        }
        for unique_id, node in manifest.nodes.items()
    }


def resolve(given: str, nodes: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return what dbt selects for a name, and the name alone; schema.name does too.

    A selector with a method (tag:x, path:x) is dbt's own matter.
    """
    if ":" in given or "/" in given:
        return given, None
    match = _OPERATORS.match(given)
    name = match["name"] if match else given
    known = {node["name"]: node for node in nodes.values() if node["resource_type"] in _BUILT}
    plain = name.rpartition(".")[2]
    if plain not in known:
        near = difflib.get_close_matches(plain, known, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise DevError(f"There is no model or seed named {plain}.{hint}")
    return given.replace(name, plain), plain


def _node_named(name: str, nodes: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(n for n in nodes.values() if n["name"] == name and n["resource_type"] in _BUILT)


def _lacking(workspace: Workspace, nodes: Mapping[str, Any], asked: Iterable[str]) -> set[str]:
    """Name what the models read, at any distance, that nobody has built; add input tables."""
    with connect(workspace) as con:
        create_tables(con, load_contract(extensions=workspace.extensions))
        standing = set(
            con.execute("select table_schema, table_name from information_schema.tables").fetchall()
        )
    lacking: set[str] = set()
    looked_at: set[str] = set()
    to_look = [
        read for name in asked for read in _node_named(name, nodes)["depends_on"].get("nodes", [])
    ]
    while to_look:
        unique_id = to_look.pop()
        node = nodes.get(unique_id)
        if unique_id in looked_at or node is None:
            continue
        looked_at.add(unique_id)
        if (node["schema"], node["alias"]) not in standing:
            lacking.add(node["name"])
            to_look += node["depends_on"].get("nodes", [])
    return lacking - set(asked)


def _tell(workspace: Workspace, results: Iterable[Any]) -> bool:
    """Say how each model and test went; returns whether all went well."""
    is_good = True
    passed: dict[str, int] = {"unit test": 0, "data test": 0}
    for result in results:
        node, status = result.node, str(result.status)
        kind = "unit test" if node.resource_type == "unit_test" else "data test"
        # an exposure below what was asked for is nothing to build: dbt calls that no-op
        if status in ("success", "pass", "no-op"):
            passed[kind] += node.resource_type in ("unit_test", "test")
            continue
        is_good = is_good and status == "warn"
        what = f"{str(node.resource_type).replace('_', ' ')} {node.name}"
        say(f"{status.upper():<10}{what} ({with_real_paths(workspace, node.original_file_path)})")
        for line in with_real_paths(workspace, result.message or "").strip().splitlines():
            say(f"          {line}")
    counted = (f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in passed.items())
    say(f"tests     {' and '.join(counted)} passed")
    return is_good


def _show(workspace: Workspace, node: Mapping[str, Any]) -> None:
    """Show how many rows a model has, and the first ones."""
    relation = f"{quoted(node['schema'])}.{quoted(node['alias'])}"
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        try:
            (rows,) = con.execute(f"select count(*) from {relation}").fetchall()[0]
        except duckdb.CatalogException:
            return
        say(f"\n{node['schema']}.{node['alias']}: {rows:,} rows")
        # a limit alone makes DuckDB 2.0.0 wait for ever on views whose CTE is read more than once
        is_view = con.execute(
            "select 1 from duckdb_views() where (schema_name, view_name) in ((?, ?))",
            [node["schema"], node["alias"]],
        ).fetchall()
        order = "order by all" if is_view else ""
        say(str(con.sql(f"select * from {relation} {order} limit {_SHOWN_ROWS}")))


if __name__ == "__main__":
    sys.exit(main())
