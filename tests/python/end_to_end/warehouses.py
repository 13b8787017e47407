"""A published warehouse as the tests look at it, and the refresh as a person runs it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from oracle import Oracle, read_landing

from orchestration.refresh import run_refresh
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.shared import copy_parsed


@dataclass
class Warehouse:
    """A published warehouse, and what the oracle says of its deliveries."""

    workspace: Workspace
    source: Path | None = None

    @cached_property
    def oracle(self) -> Oracle:
        """The definitions read a second time, over what was accepted."""
        settings = load_settings(self.workspace.settings_file, self.workspace.as_of)
        cutoff = None
        if self.source is None:
            # the sample states loaded_through; the others end with their last event
            cutoff = self.rows("select max(cutoff_day) from quality.refreshes")[0][0]
        return Oracle(read_landing(self.workspace.work_db), settings.values, cutoff)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read the published marts, as a person with DuckDB does."""
        with duckdb.connect(str(self.workspace.marts_db), read_only=True) as con:
            return con.execute(query).fetchall()

    def work_rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read the private work database."""
        with duckdb.connect(str(self.workspace.work_db), read_only=True) as con:
            return con.execute(query).fetchall()


def refreshed(landing: Path, warehouse: Path, settings_file: Path | None = None) -> Workspace:
    """Refresh a warehouse in this process; fails the test when it is not published."""
    workspace = Workspace(PROJECT, landing, warehouse, settings_file=settings_file)
    settings = load_settings(settings_file)
    copy_parsed(settings, workspace)
    assert run_refresh(workspace, settings), "not published; see above why"
    return workspace


def run_refresh_command(workspace: Workspace) -> subprocess.CompletedProcess:
    """Run `python -m orchestration.refresh` as make does."""
    return subprocess.run(
        [sys.executable, "-m", "orchestration.refresh"],
        cwd=PROJECT,
        env=os.environ | workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
