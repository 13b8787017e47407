"""The landing sensor: a refresh when files came, and not while they are being written."""

import json

import dagster as dg
import pytest

from orchestration.schedules import nightly_refresh
from orchestration.sensors import Watch, landing_files, list_landing, look


def test_files_are_taken_once_they_stay_the_same():
    """Half a file would be loaded, or one delivery be refreshed at every look."""
    asked = []
    watch = Watch()
    for listing in ("", "a", "ab", "ab", "ab", "abc", "abc"):
        watch, reason = look(watch, listing)
        asked.append(reason is None)
    assert asked == [False, False, False, True, False, False, True]


def test_listing_changes_with_every_kind_of_arrival(tmp_path):
    """A file that grows or goes would not be noticed."""
    seen = [list_landing(tmp_path / "nowhere"), list_landing(tmp_path)]
    assert seen == ["", ""]
    file = tmp_path / "orders" / "a.csv"
    file.parent.mkdir()
    file.write_text("a")
    seen.append(list_landing(tmp_path))
    file.write_text("ab")
    seen.append(list_landing(tmp_path))
    (tmp_path / "b.csv").touch()
    seen.append(list_landing(tmp_path))
    file.unlink()
    seen.append(list_landing(tmp_path))
    assert len(set(seen)) == 5
    (tmp_path / ".being-uploaded").touch()
    assert list_landing(tmp_path) == seen[-1]


def test_sensor_remembers_between_looks(tmp_path, monkeypatch):
    """The sensor would forget what it saw and never ask, or ask every minute."""
    monkeypatch.setenv("HOLDFAST_LANDING", str(tmp_path))
    (tmp_path / "orders.csv").write_text("order_id\n1\n")
    cursor, answers = None, []
    for _ in range(3):
        context = dg.build_sensor_context(cursor=cursor)
        answers.append(landing_files(context))
        cursor = context.cursor
    assert isinstance(answers[0], dg.SkipReason)
    assert [request.run_key for request in answers[1].run_requests] == [json.loads(cursor)["fired"]]
    assert isinstance(answers[2], dg.SkipReason)


@pytest.mark.parametrize("is_new", [True, False])
def test_schedule_skips_when_nothing_is_new(tmp_path, monkeypatch, is_new):
    """Every night the whole warehouse would be built again from the same files."""
    monkeypatch.setenv("HOLDFAST_LANDING", str(tmp_path))
    monkeypatch.setattr(
        "orchestration.schedules.find_nothing_new", lambda *_: None if is_new else {"tables": []}
    )
    answer = nightly_refresh(dg.build_schedule_context())
    assert isinstance(answer, dg.RunRequest if is_new else dg.SkipReason)
