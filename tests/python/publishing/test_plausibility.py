"""What a refresh tells of unusual days: those it counts for the first time, each once."""

import duckdb
import pytest

from orchestration.publishing.plausibility import unusual_days
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    """Published marts with an unusual day each week."""
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as con:
        con.execute("create schema quality")
        con.execute(
            """create table quality.plausibility as
            select * from (values
                (date '2026-10-24', 'orders', 9, 30, 70, true),
                (date '2026-10-30', 'new_customers', 40, 3, 20, true),
                (date '2026-10-30', 'orders', 50, 30, 70, false),
                (date '2026-10-31', 'net_revenue', 1234.5, 2000, 9000, true),
                (date '2026-10-31', 'complaints', 1, null, null, null)
            ) as days (day, measure, total, expected_low, expected_high, is_outside)"""
        )
        con.execute(
            """create table quality.refreshes as
            select * from (values
                ('r1', 'published', date '2026-10-23'),
                ('r2', 'published', date '2026-10-29'),
                ('r3', 'failed', date '2026-10-31'),
                ('r4', 'published', date '2026-10-31')
            ) as refreshes (refresh_id, result, cutoff_day)"""
        )
    return Workspace(PROJECT, tmp_path, tmp_path)


def test_days_since_the_publication_before_are_told(workspace):
    """A day told every night for five weeks is no news."""
    assert unusual_days(workspace, "r4") == [
        "unusual: new customers on 2026-10-30: 40, expected 3 to 20 (quality.plausibility)",
        "unusual: net revenue on 2026-10-31: 1,234, expected 2,000 to 9,000 (quality.plausibility)",
    ]


def test_the_first_publication_tells_its_last_day_only(workspace):
    """A new user would be greeted by weeks of history."""
    told = unusual_days(workspace, "r1")
    assert [line.partition(":")[2][:40] for line in told] == [
        " net revenue on 2026-10-31: 1,234, expec"
    ]
