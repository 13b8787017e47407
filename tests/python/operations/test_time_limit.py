"""A refresh that hangs is ended with all it started, and told; what is published stands."""

import subprocess
import threading
import time

import duckdb
import pytest

from orchestration.outcomes import read_outcomes
from orchestration.process_tree import is_running
from orchestration.session import open_session
from orchestration.settings import SettingsError, load_settings
from orchestration.time_limit import (
    TimeLimitError,
    limited,
    stop_watching,
    time_limit,
    why_interrupted,
)

ENDLESS = "select sum(hash(a.range * b.range)) from range(1000000) a, range(1000000) b"


def query():
    """Ask DuckDB what it cannot answer today; signals do not interrupt it."""
    with duckdb.connect() as con:
        con.execute("set threads = 1")
        con.execute(ENDLESS).fetchall()


@pytest.mark.parametrize("kind", ["query", "child"])
def test_what_hangs_is_ended_and_recorded(workspace, monkeypatch, tmp_path, kind):
    """A hung refresh would hold the lock for ever, and every night after it fail."""
    # begun without haste: only what hangs is to be interrupted here
    monkeypatch.setenv("HOLDFAST_TIME_LIMIT", "0")
    pid_file = tmp_path / "pid"

    def hang():
        if kind == "query":
            return query()
        with pid_file.open("w") as file:
            command = ["bash", "-c", "sleep 600 & echo $! >&1; wait"]
            return subprocess.run(command, stdout=file, check=True)

    def refresh():
        with open_session(workspace, load_settings()) as session:
            assert session.refresh
            with limited(1), session.step("models", "building"):
                hang()  # for ever, or for ten minutes

    with pytest.raises(TimeLimitError):
        refresh()
    if kind == "child":
        assert not is_running(int(pid_file.read_text()))
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        ((result, message),) = con.execute("select result, message from ops.refreshes").fetchall()
    assert result == "failed"
    assert message.startswith("The refresh was ended, with all it had started, since it ran for")
    assert "fault of holdfast" not in message
    last = read_outcomes(workspace).last
    assert (last.reason, last.step, last.may_help_again) == ("time_limit", "models", False)


def test_a_session_has_the_limit_that_is_set(workspace, monkeypatch):
    """The limit would be read and watch over nothing."""
    monkeypatch.setenv("HOLDFAST_TIME_LIMIT", "0.2")
    with pytest.raises(TimeLimitError), open_session(workspace, load_settings()):
        time.sleep(600)


def watching():
    """Whether a thread watches the clock."""
    return "time limit" in [thread.name for thread in threading.enumerate()]


def test_what_may_not_be_interrupted_is_left_alone():
    """The alarm of one refresh would go off in the next, or in the renames of a publication."""
    with limited(3600):
        with limited(0.001):  # the outer limit counts
            time.sleep(0.05)
        assert watching()
        stop_watching()
        assert not watching()
    with limited(3600):
        assert watching()
    assert not watching()
    with limited(0):
        assert not watching()
    assert why_interrupted() is None


def test_the_limit_is_a_number(monkeypatch):
    """A mistyped limit would mean none."""
    monkeypatch.delenv("HOLDFAST_TIME_LIMIT", raising=False)
    assert time_limit() == 21_600
    monkeypatch.setenv("HOLDFAST_TIME_LIMIT", "6h")
    with pytest.raises(SettingsError, match="HOLDFAST_TIME_LIMIT must be a number of at least 0"):
        time_limit()
