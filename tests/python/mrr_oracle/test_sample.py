"""The sample's subscribers: the published revenue models against the definitions read again.

`HOLDFAST_ORACLE_CUSTOMERS=100000 pytest tests/python/mrr_oracle/test_sample.py` does the same with
as many customers; without it only the small sample of the other tests is looked at.
"""

import dataclasses
import datetime as dt
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.sample_data.generate import generate
from orchestration.sample_data.parameters import Parameters
from tests.python.mrr_oracle import compare
from tests.python.mrr_oracle.conftest import build
from tests.python.mrr_oracle.delivered import Delivered
from tests.python.mrr_oracle.oracle import Oracle

UTC = ZoneInfo("UTC")
CUSTOMERS = "HOLDFAST_ORACLE_CUSTOMERS"
INPUTS = (
    "customers", "employees", "products", "orders", "order_items", "refunds",
    "subscription_periods", "payments", "exchange_rates",
)  # fmt: skip


def assert_said_by_the_definitions(landing: Path, database: Path, came_at: dt.datetime) -> int:
    """Compare every revenue model of a warehouse with its delivered files; tell how many people."""
    delivered = Delivered([(landing, came_at)], UTC)
    oracle = Oracle(delivered, delivered.loaded_through, UTC)
    with duckdb.connect(str(database), read_only=True) as con:
        told = compare.faults(con, oracle)
    assert not any(told.values()), compare.shown(told)
    return len(oracle.people)


def test_the_published_sample(sample_warehouse):
    """Prevents mess of the delivered files (late, corrected, refused, merged) from reaching MRR."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    database = sample_warehouse.marts_db
    assert assert_said_by_the_definitions(sample_warehouse.landing, database, now) > 30


@pytest.mark.skipif(CUSTOMERS not in os.environ, reason=f"minutes; {CUSTOMERS}=100000 runs it")
def test_a_large_sample(tmp_path):
    """Prevents what a few people do not show: rare histories and large sums."""
    parameters = dataclasses.replace(
        Parameters(), customers=int(os.environ[CUSTOMERS]), seed=3, refused_share=0.0
    )
    generate(parameters, tmp_path / "sample", inputs=INPUTS)
    landing, came_at = tmp_path / "sample" / "landing", dt.datetime(2026, 11, 1, 3)  # noqa: DTZ001
    workspace = build([(landing, came_at)], tmp_path, "UTC")
    people = assert_said_by_the_definitions(landing, workspace.work_db, came_at)
    assert people > parameters.customers * parameters.subscriber_share * 0.8
