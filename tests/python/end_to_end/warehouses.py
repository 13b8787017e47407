"""A published warehouse as the tests look at it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from oracle import Oracle, read_landing

from orchestration.settings import load_settings
from orchestration.workspace import Workspace


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
