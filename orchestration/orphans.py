"""Children that outlive a killed refresh: dbt goes on building, and holds the work database.

A child knows by its environment which process started it. Who holds the writer lock knows that no
refresh of this warehouse lives, so that a child of another parent than it had is an orphan.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from orchestration.process_tree import is_running, send_signal, stat_fields
from orchestration.workspace import Workspace

VARIABLE = "HOLDFAST_REFRESH_PID"
_PROC = Path("/proc")
_WAIT_SECONDS = 10.0
# All that a refresh starts and that writes to its work database.
_COMMANDS = (b"/dbt\0", b"orchestration.quality\0")


@contextlib.contextmanager
def mark_children() -> Iterator[None]:
    """Let what is started in this block know by whom."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(os.getpid())
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def end_orphans(workspace: Workspace) -> list[int]:
    """Kill what a dead refresh of this warehouse left running; the caller holds the writer lock.

    Args:
        workspace: The warehouse.

    Returns:
        The processes that were killed; none where the system has no /proc.
    """
    found = list(_orphans(workspace))
    send_signal(found, signal.SIGKILL)
    deadline = time.monotonic() + _WAIT_SECONDS
    # its lock on the database is gone once it is
    while any(is_running(pid) for pid in found) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _orphans(workspace: Workspace) -> Iterator[int]:
    ours = f"HOLDFAST_WORK_DB={workspace.work_db}".encode()
    if not _PROC.is_dir():
        return
    for folder in _PROC.iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes()
            parent = stat_fields(int(folder.name))[1]
        except OSError:  # it ended, or is another user's
            continue
        started_by = [
            entry.partition(b"=")[2]
            for entry in environment
            if entry.startswith(VARIABLE.encode() + b"=")
        ]
        is_child = any(name in command for name in _COMMANDS)
        if is_child and ours in environment and started_by and started_by != [parent]:
            yield int(folder.name)
