"""dbt or the guards running on after their refresh was killed."""

import os
import signal
import subprocess
import sys

import pytest

from orchestration.orphans import VARIABLE, end_orphans, mark_children
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace

# a parent that starts a child named as the guards are, tells its pid, and waits
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(60)", "orchestration.quality"]
)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def workspace(tmp_path):
    """A warehouse in which nothing was refreshed."""
    return Workspace(PROJECT, tmp_path / "landing", tmp_path / "warehouse")


def start(workspace):
    """Start a refresh with a child; returns it and the child's pid."""
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import os; os.environ[{VARIABLE!r}] = str(os.getpid())\n" + PARENT,
        ],
        env=os.environ | workspace.environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        child = int(parent.stdout.readline())
        yield parent, child
        parent.kill()


def test_what_a_killed_refresh_left_running_is_ended(workspace, tmp_path):
    """dbt would hold the work database, and the next refresh fail for minutes."""
    running = start(workspace)
    parent, child = next(running)
    try:
        assert end_orphans(workspace) == [], "a living refresh was robbed of its child"
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        elsewhere = Workspace(PROJECT, tmp_path / "landing", tmp_path / "another")
        assert end_orphans(elsewhere) == [], "a child of another warehouse was ended"
        assert end_orphans(workspace) == [child]
        assert end_orphans(workspace) == []
    finally:
        running.close()


def test_a_refresh_marks_what_it_starts_and_no_more(monkeypatch):
    """A process of a person, or of the web page, would be taken for an orphan."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with mark_children():
        assert os.environ[VARIABLE] == str(os.getpid())
    assert VARIABLE not in os.environ
