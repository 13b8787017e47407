"""Warehouses refreshed from end to end, each once per session."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest
from oracle import Oracle, read_landing

from examples import cdnow, online_retail
from orchestration.refresh import run_refresh
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace

sys.path.append(str(Path(__file__).parents[1] / "examples"))

from synthetic_retail import write_synthetic_lines

SHARED_DATA = Path(os.environ.get("HOLDFAST_SHARED_DATA", PROJECT.parent / "shared" / "data"))
REAL_LINES = SHARED_DATA / "online_retail_lines.csv.gz"
REAL_ORDERS = SHARED_DATA / "cdnow_sample_orders.csv"


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
    assert run_refresh(workspace, load_settings(settings_file)), "not published; see above why"
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


@pytest.fixture(scope="session")
def sample(sample_warehouse) -> Warehouse:
    """The generated sample: guests, merges, refunds, two currencies, subscriptions, bad lines."""
    return Warehouse(sample_warehouse)


@pytest.fixture(scope="session")
def synthetic_retail(tmp_path_factory) -> Warehouse:
    """Up to 2,000 lines with every kind of mess of Online Retail."""
    folder = tmp_path_factory.mktemp("synthetic_retail")
    source = write_synthetic_lines(folder / "lines.csv")
    online_retail.convert(source, folder / "landing")
    settings_file = folder / "landing" / "settings.yml"
    return Warehouse(refreshed(folder / "landing", folder / "warehouse", settings_file), source)


@pytest.fixture(scope="session")
def real_retail(tmp_path_factory) -> Warehouse:
    """UCI Online Retail, where it is present."""
    if not REAL_LINES.exists():
        pytest.skip(f"{REAL_LINES} is not here")
    folder = tmp_path_factory.mktemp("real_retail")
    online_retail.convert(REAL_LINES, folder / "landing")
    settings_file = folder / "landing" / "settings.yml"
    return Warehouse(refreshed(folder / "landing", folder / "warehouse", settings_file), REAL_LINES)


@pytest.fixture(scope="session")
def real_cdnow(tmp_path_factory) -> Warehouse:
    """CDNOW, where it is present."""
    if not REAL_ORDERS.exists():
        pytest.skip(f"{REAL_ORDERS} is not here")
    folder = tmp_path_factory.mktemp("real_cdnow")
    cdnow.convert(REAL_ORDERS, folder / "landing")
    settings_file = folder / "landing" / "settings.yml"
    return Warehouse(
        refreshed(folder / "landing", folder / "warehouse", settings_file), REAL_ORDERS
    )


@pytest.fixture(params=["sample", "synthetic_retail", "real_retail", "real_cdnow"])
def warehouse(request) -> Warehouse:
    """Each of the warehouses in turn."""
    return request.getfixturevalue(request.param)
