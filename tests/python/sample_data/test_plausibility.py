"""Unusual days are told, and usual ones are not: quality.plausibility on the default sample."""

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT, load_settings
from orchestration.straight import run_step, steps
from tests.python.sample_data.built import build
from tests.python.shared import compiled_models


@pytest.fixture(scope="module")
def work_db(default_sample, tmp_path_factory):
    """A work database with the mart of the sample as delivered, its mess included."""
    return build(default_sample.landing, tmp_path_factory.mktemp("clean"), ["plausibility"])


def outside(work_db, days: str) -> list[tuple]:
    """Days and measures outside their range."""
    with duckdb.connect(str(work_db), read_only=True) as con:
        return con.execute(
            "select day, measure, total, expected_low, expected_high from quality.plausibility "
            f"where is_outside and {days} order by all"
        ).fetchall()


def test_thirty_ordinary_days_warn_at_most_twice(work_db):
    """Whoever is warned every week reads no warning; a day is judged by those before it alone."""
    with duckdb.connect(str(work_db), read_only=True) as con:
        (judged,) = con.execute(
            "select count(*) from quality.plausibility "
            "where day > date '2026-10-31' - 30 and is_outside is not null"
        ).fetchall()[0]
    assert judged == 30 * 9
    assert len(outside(work_db, "day > date '2026-10-31' - 30")) <= 2


def test_a_day_with_40_percent_fewer_orders_is_told(work_db, tmp_path):
    """A feed that loses part of a day would be read as customers who leave.

    Some 85 orders a day are made: chance alone moves a day by 11 %, and a day that was to be a good
    one stays inside. Each of the last four weeks' days is cut in turn.
    """
    harmed = Path(shutil.copy(work_db, tmp_path / "work.duckdb"))
    needed = {"intermediate.int_daily_totals", "quality.plausibility"}
    every = steps(PROJECT, compiled_models(load_settings()).target, up_to=["plausibility"])
    again = [step for step in every if step.name in needed]
    told = []
    with duckdb.connect(str(harmed)) as con:
        con.execute("create temp table whole as select * from core.orders")
        for ago in range(28):
            day = f"date '2026-10-31' - {ago}"
            con.execute("delete from core.orders")
            con.execute(
                f"""insert into core.orders
                select * from whole
                qualify ordered_on <> {day}
                    or percent_rank() over (partition by ordered_on order by order_id) >= 0.4"""
            )
            for step in again:
                run_step(con, step)
            told += con.execute(
                "select day from quality.plausibility where is_outside "
                f"and day = {day} and measure = 'orders' and total < expected_low"
            ).fetchall()
    assert len(told) >= 28 * 0.6
