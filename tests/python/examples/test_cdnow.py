"""examples/cdnow.py against the papers' file, where it is present, and a small one everywhere."""

import csv
import os
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from examples.cdnow import convert
from orchestration.settings import load_settings

SHARED_DATA = Path(
    os.environ.get("HOLDFAST_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")
)
REAL_ORDERS = SHARED_DATA / "cdnow_sample_orders.csv"
HEADER = "customer_id,order_id,ordered_at,amount,quantity,sample_id\n"


def rows_of(landing: Path, name: str) -> list[dict[str, str]]:
    """Read one delivered file as text."""
    with (landing / name / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_ids_amounts_and_days_stay_as_delivered(tmp_path):
    """Leading zeros lost would merge customers; an amount through a double would lose a cent."""
    (tmp_path / "orders.csv").write_text(
        HEADER
        + "00004,S2,1997-01-18,29.73,2,0001\n"
        + "00004,S1,1997-01-18,0.00,1,0001\n"
        + "4,S3,1997-02-01,0.29,1,0002\n",
        encoding="utf-8",
    )
    assert convert(tmp_path / "orders.csv", tmp_path / "landing") == {"customers": 2, "orders": 3}
    assert [tuple(row.values())[:5] for row in rows_of(tmp_path / "landing", "orders")] == [
        ("S1", "00004", "1997-01-18", "completed", "0.00"),
        ("S2", "00004", "1997-01-18", "completed", "29.73"),
        ("S3", "4", "1997-02-01", "completed", "0.29"),
    ]


def test_orders_of_nothing_count_as_the_papers_count_them(tmp_path):
    """Without allow_zero_orders the published parameters of the papers cannot come out."""
    (tmp_path / "orders.csv").write_text(HEADER + "1,S1,1997-01-01,1.00,1,0001\n", encoding="utf-8")
    convert(tmp_path / "orders.csv", tmp_path / "landing")
    assert load_settings(tmp_path / "landing" / "settings.yml").get("allow_zero_orders") is True


def test_a_day_that_is_none_fails(tmp_path):
    """A broken source must not become a shorter landing file."""
    (tmp_path / "orders.csv").write_text(HEADER + "1,S1,1997-02-30,1.00,1,0001\n", encoding="utf-8")
    with pytest.raises(duckdb.ConversionException):
        convert(tmp_path / "orders.csv", tmp_path / "landing")


@pytest.mark.skipif(not REAL_ORDERS.exists(), reason=f"{REAL_ORDERS} is not here")
def test_the_real_file_is_carried_over_whole(tmp_path):
    """2,357 customers, 6,919 orders, 8 of amount 0, and every cent."""
    with REAL_ORDERS.open(encoding="utf-8", newline="") as file:
        raw = list(csv.DictReader(file))
    assert convert(REAL_ORDERS, tmp_path) == {"customers": 2357, "orders": 6919}
    delivered = rows_of(tmp_path, "orders")
    assert sorted(
        (row["order_id"], row["customer_id"], row["ordered_at"], Decimal(row["gross_amount"]))
        for row in delivered
    ) == sorted(
        (row["order_id"], row["customer_id"], row["ordered_at"], Decimal(row["amount"]))
        for row in raw
    )
    assert sum(Decimal(row["gross_amount"]) == 0 for row in delivered) == 8
