"""A clock that is put back or forward between refreshes: order, record and rows stay right."""

from datetime import UTC, datetime

import duckdb
import pytest

from orchestration.contract import load_contract
from orchestration.nothing_new import find_nothing_new
from orchestration.publishing.publish import Refresh, read_manifest
from orchestration.records import Ending, begin, finish
from orchestration.refresh import _last_ending
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.faults import victim

DAY = 86_400


@pytest.fixture
def workspace(tmp_path):
    """A workspace in which nothing was ever refreshed."""
    (tmp_path / "landing").mkdir()
    return Workspace(PROJECT, tmp_path / "landing", tmp_path / "warehouse")


def at(monkeypatch, days):
    """Put the clock of the record forward or back."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(datetime.now(tz).timestamp() + days * DAY, tz)

    monkeypatch.setattr("orchestration.records.datetime", Shifted)


@pytest.mark.parametrize("jumps", [(0, -400, 0, -1), (0, 4000, 0, 0)], ids=["back", "forward"])
def test_the_last_refresh_is_the_last_whatever_the_clock_says(workspace, monkeypatch, jumps):
    """A refresh that published would be told as failed, as an earlier one seemed to be the last."""
    contract, settings = load_contract(), load_settings()
    ids = []
    for days in jumps:
        at(monkeypatch, days)
        refresh = begin(workspace, contract, settings, "code", "inputs")
        ids.append(refresh.refresh_id)
        assert abs((refresh.started_at - utc(days)).total_seconds()) < 60
        finish(workspace, refresh, Ending("failed", f"ended as number {len(ids)}"))
        ending, refresh_id = _last_ending(workspace)
        assert (ending.message, refresh_id) == (f"ended as number {len(ids)}", ids[-1])
    assert ids == sorted(set(ids))
    # a published id counts where the record was lost
    workspace.work_db.unlink()
    workspace.manifest.write_text(f'{{"refresh_id": "{ids[-1]}"}}')
    assert begin(workspace, contract, settings, "code", "inputs").refresh_id > ids[-1]


def test_a_clock_put_back_during_a_refresh_makes_no_negative_time():
    """quality.refreshes would say that a refresh took less than no time."""
    refresh = Refresh("id", utc(0), None, {}, "code", "inputs")
    assert refresh.seconds_until(utc(-1)) == 0
    assert refresh.seconds_until(utc(1)) > DAY - 60


def test_rows_refused_as_future_by_a_clock_that_was_behind_come_back(shop, base, undisturbed):
    """A day's orders would stay in quarantine for ever, since their file counts as loaded."""
    days = (datetime(2026, 8, 7, 12, tzinfo=UTC) - datetime.now(UTC)).total_seconds()
    ended = shop.run(victim.refresh, shop.models, within=victim.Clock(days))
    assert ended.code == 0, ended.said
    # one is refused; one is of the day of delivery, which is half told and does not count yet
    assert published_orders(shop) == published_orders(undisturbed) - 2
    standing = read_manifest(shop.workspace)["refresh_id"]
    assert standing > read_manifest(base.workspace)["refresh_id"]
    assert find_nothing_new(shop.workspace, load_settings()) is None
    shop.refresh()
    found, expected = shop.content(), undisturbed.content()
    # the refused row and the second reading stand in the record
    different = {name for name in expected if found[name] != expected[name]}
    assert different <= {"quality.input_loads", "quality.quarantined_rows", "quality.restatements"}
    with duckdb.connect(str(shop.workspace.work_db), read_only=True) as con:
        assert con.execute(
            "select count(*) from ops.quarantined_rows "
            "where healed_at is null and value = '2026-08-08'"
        ).fetchall() == [(0,)]


def published_orders(shop):
    """How many orders the marts have."""
    return shop.content()["core.orders"][0]


def utc(days):
    """This instant, some days on, as the warehouse keeps it."""
    shifted = datetime.fromtimestamp(datetime.now(UTC).timestamp() + days * DAY, UTC)
    return shifted.replace(tzinfo=None, microsecond=0)
