"""Warehouses from end to end, each made once per session: the sample by the real job."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from warehouses import Warehouse

from examples import cdnow, online_retail
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace
from tests.python.shared import once, refreshed_straight

sys.path.append(str(Path(__file__).parents[1] / "examples"))

from synthetic_retail import write_synthetic_lines

SHARED_DATA = Path(os.environ.get("HOLDFAST_SHARED_DATA", PROJECT.parent / "shared" / "data"))
REAL_LINES = SHARED_DATA / "online_retail_lines.csv.gz"
REAL_ORDERS = SHARED_DATA / "cdnow_sample_orders.csv"


@pytest.fixture(scope="session")
def sample(sample_warehouse) -> Warehouse:
    """The generated sample: guests, merges, refunds, two currencies, subscriptions, bad lines."""
    return Warehouse(sample_warehouse)


def converted(name: str, convert: Callable[[Path], None], source: Path | None = None) -> Warehouse:
    """A warehouse of converted data, made once whichever test file and worker asks first.

    Args:
        name: Its folder.
        convert: Writes the deliveries and their settings.yml into a folder.
        source: The lines they were made of; None = lines.csv, which `convert` writes above them.
    """

    def make(folder: Path) -> None:
        landing = folder / "landing"
        convert(landing)
        refreshed_straight(landing, folder / "warehouse", landing / "settings.yml")

    folder = once(name, make)
    landing = folder / "landing"
    workspace = Workspace(
        PROJECT, landing, folder / "warehouse", settings_file=landing / "settings.yml"
    )
    return Warehouse(workspace, source or folder / "lines.csv")


@pytest.fixture(scope="session")
def synthetic_retail() -> Warehouse:
    """Up to 2,000 lines with every kind of mess of Online Retail."""
    return converted(
        "synthetic_retail",
        lambda landing: online_retail.convert(
            write_synthetic_lines(landing.parent / "lines.csv"), landing
        ),
    )


@pytest.fixture(scope="session")
def real_retail() -> Warehouse:
    """UCI Online Retail, where it is present."""
    if not REAL_LINES.exists():
        pytest.skip(f"{REAL_LINES} is not here")
    return converted(
        "real_retail", lambda landing: online_retail.convert(REAL_LINES, landing), REAL_LINES
    )


@pytest.fixture(scope="session")
def real_cdnow() -> Warehouse:
    """CDNOW, where it is present."""
    if not REAL_ORDERS.exists():
        pytest.skip(f"{REAL_ORDERS} is not here")
    return converted("real_cdnow", lambda landing: cdnow.convert(REAL_ORDERS, landing), REAL_ORDERS)


@pytest.fixture(params=["sample", "synthetic_retail", "real_retail", "real_cdnow"])
def warehouse(request) -> Warehouse:
    """Each of the warehouses in turn."""
    return request.getfixturevalue(request.param)
