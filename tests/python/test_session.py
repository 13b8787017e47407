"""The session of a refresh: its record is closed whatever happens, and progress is printed."""

import duckdb
import pytest

from orchestration.records import Ending
from orchestration.session import Session, open_session
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    """A workspace in which nothing was ever refreshed."""
    (tmp_path / "landing").mkdir()
    return Workspace(PROJECT, tmp_path / "landing", tmp_path / "warehouse")


def recorded(workspace):
    """Read the records of refreshes."""
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        return con.execute(
            "select result, message, finished_at is not null, settings from ops.refreshes"
        ).fetchall()


def fail_in_a_step(session: Session):
    """Begin a refresh and break in a step."""
    assert session.refresh.refresh_id
    with session.step("models", "building"):
        raise ValueError("no such thing")


def test_broken_step_is_recorded_as_failed_with_its_reason(workspace, capsys):
    """quality.refreshes would say of a broken refresh that it still runs, or not say why."""
    with (
        pytest.raises(ValueError, match="no such thing"),
        open_session(workspace, load_settings()) as session,
    ):
        fail_in_a_step(session)
    ((result, message, is_finished, settings),) = recorded(workspace)
    assert (result, is_finished, settings) == ("failed", True, "{}")
    assert message.startswith("no such thing\n(ValueError in ")
    assert "fault of holdfast itself" in message
    assert capsys.readouterr().out == "models    building ...\n"


def test_ending_that_was_said_stands(workspace):
    """A no of the guards would be recorded as a failure of the machinery."""
    with open_session(workspace, load_settings()) as session:
        assert session.refresh.refresh_id
        session.ending = Ending("stopped", "Too many rows refused.")
    assert recorded(workspace) == [("stopped", "Too many rows refused.", True, "{}")]


def test_run_of_single_models_leaves_no_refresh(workspace):
    """Building one model from the web page would count as a failed refresh."""
    with open_session(workspace, load_settings()):
        pass
    assert not workspace.work_db.exists()


def test_outcome_of_a_step_is_printed_with_its_time(workspace, capsys):
    """A person could not tell a long step from one that hangs."""
    with (
        open_session(workspace, load_settings()) as session,
        session.step("load", "reading files") as outcome,
    ):
        outcome += ["a.csv: unreadable", "3 new files"]
    assert capsys.readouterr().out.splitlines() == [
        "load      reading files ...",
        "          a.csv: unreadable",
        "          3 new files (0.0 s)",
    ]
