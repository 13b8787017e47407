"""A small published warehouse to be harmed, and what it would be had nothing happened."""

import multiprocessing
import os
import random
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.marts import read_marts
from orchestration.publishing.publish import is_intact, is_whole, read_manifest
from orchestration.settings import PROJECT, load_settings
from orchestration.straight import steps
from orchestration.workspace import Workspace
from tests.python.faults import victim
from tests.python.faults.shop import first_delivery, second_delivery
from tests.python.shared import compiled_models, once

_PUBLISHED = {
    "core": (
        "customers", "customer_dimensions", "customer_identities", "orders", "order_items",
        "subscription_periods",
    ),
    "revenue": ("revenue_growth",),
    "quality": (
        "refreshes", "input_loads", "input_checks", "quarantined_rows", "restatements",
    ),
}  # fmt: skip
# What tells of the refreshes themselves: a disturbed warehouse had more of them.
_OF_REFRESHES = {"quality.refreshes", "quality.input_checks", "quality.model_timings"}
_INSTANTS = ("refresh_id", "loaded_at", "refused_at", "healed_at", "restated_at")

_processes = multiprocessing.get_context("forkserver")
# this module, as each process looks up `_call` in it: importing dbt takes ten times a small refresh
_processes.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Ended:
    """How a victim ended: its exit code (negative: the signal), and what it said."""

    code: int
    said: str


class Victim:
    """A warehouse that is refreshed in processes of their own."""

    def __init__(self, workspace: Workspace, models: victim.Models) -> None:
        self.workspace = workspace
        self.models = models

    def run(
        self,
        function: Callable,
        *arguments: object,
        kill_after: float | None = None,
        within: Callable[[], None] | None = None,
    ) -> Ended:
        """Run a function of `victim` in a forked process.

        Args:
            function: Called with the workspace and `arguments`.
            arguments: What else it is given.
            kill_after: Seconds after which the process is killed; None = it ends by itself.
            within: Called first, inside the process.
        """
        said = self.workspace.warehouse.with_name("said.txt")
        process = _processes.Process(
            target=_call, args=(said, within, function, self.workspace, *arguments)
        )
        process.start()
        process.join(kill_after)
        if process.exitcode is None:
            process.kill()
            process.join()
        return Ended(process.exitcode, said.read_text(errors="replace") if said.exists() else "")

    def refresh(self) -> None:
        """Refresh undisturbed; fails the test when nothing is published."""
        ended = self.run(victim.refresh, self.models)
        assert ended.code == 0, ended.said
        assert is_intact(self.workspace, read_manifest(self.workspace))

    def content(self) -> dict[str, tuple]:
        """Hash every table a reader of marts.duckdb sees, without ids and instants of refreshes."""
        with duckdb.connect(str(self.workspace.marts_db), read_only=True) as con:
            tables = con.execute(
                "select schema_name || '.' || table_name from duckdb_tables() order by 1"
            ).fetchall()
            return {name: _hash(con, name) for (name,) in tables if name not in _OF_REFRESHES}

    def check_readers(self, *allowed: dict[str, tuple]) -> None:
        """Marts open and equal one of some contents; Parquet is that of one refresh, whole."""
        found = self.content()
        assert found in allowed, {
            name: [found.get(name), *(content.get(name) for content in allowed)]
            for name in found
            if any(found[name] != content.get(name) for content in allowed)
        }
        manifest = read_manifest(self.workspace)
        for table in manifest["tables"]:
            assert is_whole(self.workspace.warehouse / table["parquet"], table), table["parquet"]
            assert manifest["refresh_id"] in table["parquet"]

    def names(self) -> set[str]:
        """Name what lies in the warehouse; of a killed refresh a notice may tell."""
        names = {path.name for path in self.workspace.warehouse.iterdir()}
        return names - {self.workspace.notices_file.name}


@pytest.fixture(scope="session")
def models() -> victim.Models:
    """A few marts and all they need, compiled."""
    target = compiled_models(load_settings()).target
    marts = [
        mart
        for mart in read_marts(target / "manifest.json")
        if mart.name in _PUBLISHED.get(mart.schema, ())
    ]
    assert len(marts) == sum(map(len, _PUBLISHED.values()))
    return victim.Models([*steps(PROJECT, target, up_to=[mart.model for mart in marts])], marts)


@pytest.fixture(scope="session")
def base(models) -> Victim:
    """The shop after its first delivery; copy it, do not change it."""

    def make(folder: Path) -> None:
        first_delivery(folder / "landing")
        Victim(Workspace(PROJECT, folder / "landing", folder / "warehouse"), models).refresh()

    folder = once("faults_base", make)
    return Victim(Workspace(PROJECT, folder / "landing", folder / "warehouse"), models)


@pytest.fixture(scope="session")
def undisturbed(base, tmp_path_factory) -> Victim:
    """The shop after its second delivery, refreshed as if nothing had happened."""
    found = copy_of(base, tmp_path_factory.mktemp("undisturbed"))
    second_delivery(found.workspace.landing)
    found.refresh()
    assert found.content() != base.content()
    return found


@pytest.fixture
def shop(base, tmp_path) -> Victim:
    """The shop, its second delivery in the landing folder, to be harmed."""
    found = copy_of(base, tmp_path)
    second_delivery(found.workspace.landing)
    return found


def copy_of(base: Victim, folder: Path) -> Victim:
    """Copy a warehouse with its landing folder."""
    for name in ("landing", "warehouse"):
        shutil.copytree(
            getattr(base.workspace, name), folder / name, symlinks=True, dirs_exist_ok=True
        )
    moved = replace(base.workspace, landing=folder / "landing", warehouse=folder / "warehouse")
    return Victim(moved, base.models)


@pytest.fixture
def chance() -> random.Random:
    """The same chances at each run."""
    return random.Random(9)  # noqa: S311 - nothing secret


def _hash(con: duckdb.DuckDBPyConnection, name: str) -> tuple:
    columns = [
        column
        for (column,) in con.execute(
            "select column_name from duckdb_columns() "
            "where schema_name || '.' || table_name = ? order by column_index",
            [name],
        ).fetchall()
        if not (name.startswith("quality.") and column in _INSTANTS)
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    return con.execute(
        f"select count(*), coalesce(sum(hash({listed})::hugeint), 0) from {name}"
    ).fetchall()[0]


def _call(said: Path, within: Callable | None, function: Callable, *arguments: object) -> None:
    """Call a function in a process of its own, all it says in a file."""
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    if within is not None:
        within()
    function(*arguments)
