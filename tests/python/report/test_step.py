"""The report as a step of a refresh: after the publication, and without power over it."""

import fcntl
import json

import dagster as dg
import pytest

from orchestration import refresh
from orchestration.lock import writer_lock
from orchestration.records import Ending
from orchestration.report import build
from orchestration.report.__main__ import main as by_hand
from orchestration.report.build import ReportError, is_current
from orchestration.settings import load_settings
from orchestration.steps import read_steps
from orchestration.summary import _places
from tests.python.report.conftest import CURRENCY


def failing(*_):
    raise ReportError("the page would be too large")


@pytest.fixture
def report_asset(definitions):
    """The step, which is one of the definitions."""
    from orchestration.assets.report import report

    assert report in definitions.assets
    return report


def test_it_comes_after_the_publication(definitions):
    """Written beside it, it would show the marts before."""
    graph = definitions.resolve_asset_graph()
    assert graph.get(dg.AssetKey("report")).parent_keys == {dg.AssetKey(["published", "marts"])}
    assert not graph.get(dg.AssetKey("report")).child_keys


def test_the_step_writes_it_and_its_cost(small, report_asset):
    class Refresh:
        session = refresh_session(small)

    small.report_page.unlink()
    result = report_asset.op.compute_fn.decorated_fn(refresh=Refresh)
    assert small.report_page.is_file()
    assert result.metadata["bytes"] > 500_000
    (cost,) = read_steps(small.step_log)
    assert (cost.step, cost.is_done) == ("report", True)


def test_a_step_that_fails_leaves_the_ending_as_it_was(small, monkeypatch, report_asset):
    class Refresh:
        session = refresh_session(small)

    before = small.report_page.read_text()
    monkeypatch.setattr("orchestration.publishing.step.write_report", failing)
    with pytest.raises(ReportError):
        report_asset.op.compute_fn.decorated_fn(refresh=Refresh)
    assert Refresh.session.ending == Ending("published")
    assert small.report_page.read_text() == before


def test_a_run_whose_report_failed_is_published_and_says_so(small, monkeypatch, capsys):
    manifest = json.loads(small.manifest.read_text())
    monkeypatch.setattr(refresh, "is_manifest_fresh", lambda *_: True)
    monkeypatch.setattr(refresh, "_run_job", lambda _: "the page would be too large")
    monkeypatch.setattr(
        refresh, "_last_ending", lambda _: (Ending("published"), manifest["refresh_id"])
    )
    monkeypatch.setattr(refresh, "print_summary", lambda *_: None)
    assert refresh._run(small, load_settings(), 0.0)
    said = capsys.readouterr().err
    assert "PUBLISHED, BUT THE REPORT WAS NOT WRITTEN\nthe page would be too large" in said
    assert "NOT PUBLISHED" not in said


def test_nothing_new_writes_a_report_that_is_missing(small):
    manifest = json.loads(small.manifest.read_text())
    (small.report_page.parent / ".refresh_id").write_text("an earlier refresh\n")
    refresh._mend_report(small, manifest, CURRENCY)
    assert is_current(small, manifest)
    written = small.report_page.stat().st_mtime_ns
    refresh._mend_report(small, manifest, CURRENCY)
    assert small.report_page.stat().st_mtime_ns == written
    with writer_lock(small.lock_file, 0):  # the lock is free again
        pass


def test_nothing_new_says_when_it_cannot_write_it(small, monkeypatch, capsys):
    monkeypatch.setattr(build, "write_report", failing)
    refresh._mend_report(small, {"refresh_id": "newer"}, CURRENCY)
    said = capsys.readouterr().err
    assert "the page would be too large" in said
    assert f"{small.report_page} is of an earlier refresh." in said


def test_the_summary_names_it(small):
    lines = _places(small, {"tables": []})
    assert f"{small.report_page}  (the report; open in a browser)" in lines


def refresh_session(workspace):
    """A session after its publication."""
    from orchestration.contract import load_contract
    from orchestration.session import Session

    return Session(workspace, load_settings(), load_contract(), ending=Ending("published"))


def test_by_hand_it_waits_for_a_running_refresh(small, monkeypatch, capsys):
    """Two writers in one folder beside the report would leave half of each."""
    for name, value in (small.environment() | {"HOLDFAST_LOCK_TIMEOUT": "0.1"}).items():
        monkeypatch.setenv(name, value)
    small.landing.mkdir()
    small.report_page.unlink()
    with small.lock_file.open("w") as held:
        # as another process holds it: writer_lock would let its own process in again
        fcntl.flock(held, fcntl.LOCK_EX)
        assert by_hand() == 1
    assert "Another refresh is writing" in capsys.readouterr().err
    assert not small.report_page.exists()
    assert by_hand() == 0
    assert small.report_page.is_file()
