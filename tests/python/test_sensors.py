"""The landing sensor: a refresh when files came, and not while they are being written."""

import json

import dagster as dg
import pytest

from orchestration.landing.arrival import listing
from orchestration.landing.watch import MOST_TRIES, Watch, look
from orchestration.outcomes import Outcome, Outcomes, instant
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace


def test_files_are_taken_once_they_stay_the_same():
    """Half a file would be loaded, or one delivery be refreshed at every look."""
    asked = []
    watch = Watch()
    for lying in ("", "a", "ab", "ab", "ab", "abc", "abc"):
        watch, reason = look(watch, lying)
        asked.append(reason is None)
    assert asked == [False, False, False, True, False, False, True]


def test_listing_changes_with_every_kind_of_arrival(tmp_path):
    """A file that grows or goes would not be noticed."""
    seen = [listing(tmp_path / "nowhere"), listing(tmp_path)]
    assert seen == ["", ""]
    file = tmp_path / "orders" / "a.csv"
    file.parent.mkdir()
    file.write_text("a")
    seen.append(listing(tmp_path))
    file.write_text("ab")
    seen.append(listing(tmp_path))
    (tmp_path / "b.csv").touch()
    seen.append(listing(tmp_path))
    file.unlink()
    seen.append(listing(tmp_path))
    assert len(set(seen)) == 5
    for name in (".being-uploaded", "_SUCCESS", "~orders.csv", "c.csv.part", "C.CSV.TMP"):
        (tmp_path / name).touch()
    assert listing(tmp_path) == seen[-1]


def asked_for(watch, *outcomes):
    """Look at the delivery once per outcome; returns the watch and whether a refresh is asked."""
    asked = []
    for outcome in outcomes:
        watch, reason = look(watch, "a", None, Outcomes(last=outcome))
        asked.append(reason is None)
    return watch, asked


def ended(at, *, may_help_again):
    """A refresh that failed."""
    return Outcome("failed", ended_at=at, may_help_again=may_help_again)


def test_a_refresh_is_asked_for_again_only_where_that_may_help():
    """A full disk would cost the delivery, or a guard's no be asked for every minute for ever."""
    earlier, running = ended("1", may_help_again=True), Outcome("running")
    watch, asked = asked_for(Watch(), earlier, earlier, earlier, running, running)
    # what failed before the files came does not count as theirs
    assert asked == [False, True, False, False, False]
    _, asked = asked_for(watch, *[ended("2", may_help_again=False)] * 3)
    assert asked == [False] * 3
    watch, asked = asked_for(watch, *[ended("2", may_help_again=True)] * 3)
    assert asked == [True, False, False]
    for number in range(3, 9):
        watch, asked = asked_for(watch, ended(str(number), may_help_again=True))
    assert asked == [False]
    assert watch.tries == MOST_TRIES
    # new files begin anew
    for again in (False, True):
        watch, reason = look(watch, "b", None, Outcomes(last=earlier))
        assert (reason is None) == again


def test_a_delivery_waits_for_its_marker():
    """A slow upload that pauses for two minutes would be loaded by halves."""
    watch = Watch()
    for waiting, told in (("No _SUCCESS.", "Files are"), ("No _SUCCESS.", "No _"), (None, None)):
        watch, reason = look(watch, "a", waiting)
        assert (reason or "").startswith(told or "")
        assert (reason is None) == (told is None)


def test_sensor_remembers_between_looks(tmp_path, monkeypatch, definitions):
    """The sensor would forget what it saw and never ask, or ask every minute."""
    landing_files = definitions.resolve_sensor_def("landing_files")
    monkeypatch.setenv("HOLDFAST_LANDING", str(tmp_path))
    (tmp_path / "orders.csv").write_text("order_id\n1\n")
    cursor, answers = None, []
    for _ in range(3):
        context = dg.build_sensor_context(cursor=cursor)
        answers.append(landing_files(context))
        cursor = context.cursor
    assert isinstance(answers[0], dg.SkipReason)
    fired = json.loads(cursor)["fired"]
    assert [request.run_key for request in answers[1].run_requests] == [f"{fired}-1-"]
    assert isinstance(answers[2], dg.SkipReason)


def test_files_that_stand_again_are_asked_for_again(tmp_path, monkeypatch, definitions):
    """Where a refused file is taken away, Dagster would know the run's key and ask for nothing."""
    landing_files = definitions.resolve_sensor_def("landing_files")
    workspace = Workspace(PROJECT, tmp_path / "landing", tmp_path / "warehouse")
    monkeypatch.setenv("HOLDFAST_LANDING", str(workspace.landing))
    monkeypatch.setenv("HOLDFAST_WAREHOUSE", str(workspace.warehouse))
    workspace.landing.mkdir()
    (workspace.landing / "orders.csv").write_text("order_id\n1\n")
    bad = workspace.landing / "orders_bad.csv"
    cursor, keys = None, []
    for _ in range(3):
        for _ in range(2):
            context = dg.build_sensor_context(cursor=cursor)
            answer = landing_files(context)
            cursor = context.cursor
        keys += [request.run_key for request in answer.run_requests]
        now = instant()
        told = Outcome("stopped", reason="checks", started_at=now, ended_at=f"{now}{len(keys)}")
        monkeypatch.setattr("orchestration.sensors.read_outcomes", lambda _, t=told: Outcomes(t))
        bad.unlink() if bad.exists() else bad.write_text("order_id\n\n")
    assert len(set(keys)) == 3


def test_a_night_without_news_tells_the_recovery(tmp_path, monkeypatch, definitions):
    """The bad file is gone and no run is asked for: `make doctor` would stay bad for ever."""
    monkeypatch.setenv("HOLDFAST_LANDING", str(tmp_path))
    monkeypatch.setattr("orchestration.schedules.find_nothing_new", lambda *_: {"tables": []})
    told = []
    monkeypatch.setattr("orchestration.schedules.notices.well_again", told.append)
    answer = definitions.resolve_schedule_def("nightly_refresh")(dg.build_schedule_context())
    assert isinstance(answer, dg.SkipReason)
    assert [workspace.landing for workspace in told] == [tmp_path]


@pytest.mark.parametrize("is_new", [True, False])
def test_schedule_skips_when_nothing_is_new(tmp_path, monkeypatch, definitions, is_new):
    """Every night the whole warehouse would be built again from the same files."""
    nightly_refresh = definitions.resolve_schedule_def("nightly_refresh")
    monkeypatch.setenv("HOLDFAST_LANDING", str(tmp_path))
    monkeypatch.setattr(
        "orchestration.schedules.find_nothing_new", lambda *_: None if is_new else {"tables": []}
    )
    answer = nightly_refresh(dg.build_schedule_context())
    assert isinstance(answer, dg.RunRequest if is_new else dg.SkipReason)
    (tmp_path / "orders.csv").touch()
    monkeypatch.setenv("HOLDFAST_LANDING_MARKER", "_DONE")
    answer = nightly_refresh(dg.build_schedule_context())
    assert isinstance(answer, dg.SkipReason)
    assert ("No _DONE was written for orders.csv" in answer.skip_message) == is_new
