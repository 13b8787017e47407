"""CPU time and memory of a process and of all it started, as /proc tells them.

Where there is no /proc that lists children (other systems than Linux) nothing is known, and nothing
is guessed: no sample, no peak.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

_PROC = Path("/proc")
_EVERY_SECONDS = 0.2
_LOOK_SECONDS = 0.05
# places in /proc/<pid>/stat behind the name of the program
_USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM, _RESIDENT = 11, 12, 13, 14, 21


class Sample(NamedTuple):
    """What a process and its living descendants use at one moment.

    Attributes:
        at: Seconds since the epoch.
        cpu_seconds: User and system time so far, of ended children that were waited for too.
        resident_bytes: Memory in use now, the sum over the processes: what two of them share
            (the code of a library) counts twice.
    """

    at: float
    cpu_seconds: float
    resident_bytes: int


def sample(pid: int) -> Sample | None:
    """Look at a process and its descendants once.

    Args:
        pid: The process.

    Returns:
        What they use; None where the system does not tell, or the process has ended.
    """
    if not _lists_children():
        return None
    at = time.time()
    ticks, pages, found = 0, 0, False
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            fields = stat_fields(one)
            waiting += _children(one)
        except OSError:  # it ended while we looked
            continue
        found = True
        ticks += sum(
            int(fields[place]) for place in (_USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM)
        )
        pages += int(fields[_RESIDENT])
    if not found:
        return None
    return Sample(at, ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


def end_children(pid: int, grace: float = 5.0) -> None:
    """End all that a process started: asked first, killed when it does not go.

    Args:
        pid: The process, which stays.
        grace: Seconds in which they may end by themselves.
    """
    if not _lists_children():
        return
    ending = _descendants(pid)
    send_signal(ending, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while (living := [one for one in ending if is_running(one)]) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    # what they started meanwhile hangs on nobody we know, unless its parent still lives
    send_signal([*living, *_descendants(pid)], signal.SIGKILL)


def send_signal(pids: Iterable[int], number: int) -> None:
    """Send a signal to processes, some of which may have ended."""
    for one in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, number)


def _descendants(pid: int) -> list[int]:
    """List all that a process started, directly or not, and that still lives."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        with contextlib.suppress(OSError):
            children = [one for one in _children(waiting.pop()) if is_running(one)]
            found += children
            waiting += children
    return found


def is_running(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return stat_fields(pid)[0] not in (b"Z", b"X")
    except OSError:
        return False


def stat_fields(pid: int) -> list[bytes]:
    """Return state, parent and what follows of a process, as the kernel tells them.

    Raises:
        OSError: When it is gone, or the system does not tell.
    """
    # the program's name, in brackets, may hold anything
    return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()


def _children(pid: int) -> list[int]:
    """List the processes that the threads of a process started and that still live."""
    found: list[int] = []
    for task in (_PROC / str(pid) / "task").iterdir():
        try:
            found += map(int, (task / "children").read_bytes().split())
        except OSError:  # the thread ended while we looked
            continue
    return found


def _lists_children() -> bool:
    """Whether this system tells which processes a thread started."""
    return (_PROC / str(os.getpid()) / "task" / str(os.getpid()) / "children").is_file()


class Watch:
    """Looks at a process and its descendants five times a second, as long as its block lasts.

    A peak between two looks is not seen; what DuckDB holds for less than that is little.

    Attributes:
        samples: What was seen, oldest first; empty where the system does not tell.
    """

    def __init__(self, pid: int) -> None:
        """Make a watch over a process.

        Args:
            pid: The process.
        """
        self.samples: list[Sample] = []
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    @property
    def peak_bytes(self) -> int | None:
        """The most memory seen at once; None where the system does not tell."""
        return max((seen.resident_bytes for seen in self.samples), default=None)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            seen = sample(self._pid)
            if seen is not None:
                self.samples.append(seen)
            if self._ended.wait(_EVERY_SECONDS):
                break
        seen = sample(self._pid)
        if seen is not None:
            self.samples.append(seen)
