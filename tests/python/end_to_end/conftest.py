"""Warehouses refreshed from end to end, each once per session."""

import os
import sys
from pathlib import Path

import pytest
from warehouses import Warehouse, refreshed

from examples import cdnow, online_retail
from orchestration.settings import PROJECT

sys.path.append(str(Path(__file__).parents[1] / "examples"))

from synthetic_retail import write_synthetic_lines

SHARED_DATA = Path(os.environ.get("HOLDFAST_SHARED_DATA", PROJECT.parent / "shared" / "data"))
REAL_LINES = SHARED_DATA / "online_retail_lines.csv.gz"
REAL_ORDERS = SHARED_DATA / "cdnow_sample_orders.csv"


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
