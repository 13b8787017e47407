"""One writer at a time: a lock that the kernel gives back when its process dies, however it dies.

The lock is an flock on a side file, never on the database: Dagster's own pools leak their slot when
a run is killed, and DuckDB's lock ends when anything else in the process closes the file.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

_POLL_SECONDS = 0.25
# Lock files this process holds, with the number of times it entered.
_held: dict[Path, tuple[int, int]] = {}


class WriterBusyError(RuntimeError):
    """Another process holds the writer lock; the message says which one and since when."""


@contextlib.contextmanager
def writer_lock(
    path: Path, timeout: float, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the writer lock of a warehouse. Entering again in the same process is free.

    Args:
        path: The lock file; made when missing, kept afterwards.
        timeout: Seconds to wait for another writer; 0 = do not wait.
        on_wait: Told once, in words, when there is somebody to wait for.

    Yields:
        Nothing; the lock is held inside the block.

    Raises:
        WriterBusyError: When another process still holds it after `timeout` seconds.
    """
    path = path.resolve()
    descriptor, entered = _held.get(path) or (_acquire(path, timeout, on_wait), 0)
    _held[path] = (descriptor, entered + 1)
    try:
        yield
    finally:
        descriptor, entered = _held[path]
        if entered > 1:
            _held[path] = (descriptor, entered - 1)
        else:
            del _held[path]
            os.ftruncate(descriptor, 0)
            os.close(descriptor)


def _acquire(path: Path, timeout: float, on_wait: Callable[[str], None] | None) -> int:
    """Open and lock the file, and write into it who holds it; returns the descriptor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # not inheritable: a child that outlives this process must not keep the lock
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + timeout
    is_told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = _holder(descriptor)
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise WriterBusyError(
                    f"Another refresh is writing this warehouse ({holder}). Wait until it has "
                    "ended and run again; it gives the lock back even if it is killed."
                ) from None
            if on_wait is not None and not is_told:
                on_wait(f"waiting for another refresh to end ({holder})")
                is_told = True
            time.sleep(_POLL_SECONDS)
    record = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(record).encode(), 0)
    return descriptor


def _holder(descriptor: int) -> str:
    """Say who wrote the lock file last."""
    try:
        record = json.loads(os.pread(descriptor, 200, 0))
        return f"process {record['pid']}, since {record['since']}"
    except (ValueError, KeyError, TypeError):
        return "process unknown"
