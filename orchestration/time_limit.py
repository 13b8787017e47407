"""A refresh that takes too long is ended, with the children it started; what is published stands.

A thread watches the clock. When time is up it ends the children, interrupts every open DuckDB
connection (a query does not give way to signals) and signals the main thread, in which every
refresh runs; elsewhere there is no limit.
"""

import contextlib
import gc
import os
import signal
import threading
from collections.abc import Iterator

import duckdb

from orchestration.process_tree import end_children
from orchestration.variables import number

VARIABLE = "HOLDFAST_TIME_LIMIT"
DEFAULT_SECONDS = 6 * 60 * 60
# What was begun in the instant of the first interruption is interrupted by the next.
_AGAIN_SECONDS = 0.5


class TimeLimitError(RuntimeError):
    """The refresh took longer than it may; the message says how long that is."""


class _Watch:
    """One limit, watched by a thread until it is passed or the watch is over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_passed = False
        self.is_left = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="time limit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the watch; after this nothing is interrupted any more."""
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        if self._is_over.wait(self.seconds):
            return
        self.is_passed = True
        end_children(os.getpid())
        _interrupt_queries()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        while not self._is_over.wait(_AGAIN_SECONDS):
            end_children(os.getpid())
            _interrupt_queries()


class _State:
    """The watch of this process.

    Attributes:
        watch: The present one, or the last.
        is_inside: Whether a block is watched.
    """

    watch: _Watch | None = None
    is_inside = False


def time_limit() -> float:
    """Return the seconds a refresh may take, HOLDFAST_TIME_LIMIT or six hours; 0 = no limit."""
    return number(VARIABLE, DEFAULT_SECONDS)


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End what runs in this block when it takes too long; inside another such block nothing is new.

    Args:
        seconds: How long it may take; 0 = no limit.

    Yields:
        Nothing.

    Raises:
        TimeLimitError: When it took longer. Inside the block, what was interrupted may raise an
            error of its own first; `why_interrupted` tells.
    """
    if _State.is_inside:
        yield
        return
    _State.watch = None
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch(seconds)

    def ring(*_: object) -> None:
        if not watch.is_left:
            raise TimeLimitError(_message(seconds))

    before = signal.signal(signal.SIGALRM, ring)
    _State.watch, _State.is_inside = watch, True
    watch.start()
    try:
        # it rings once: if that is while the block is left, the outer part is not disturbed
        try:
            yield
        finally:
            watch.is_left = True
    except BaseException as error:
        if watch.is_passed and not isinstance(error, TimeLimitError):
            raise TimeLimitError(_message(seconds)) from error
        raise
    finally:
        watch.stop()
        _State.is_inside = False
        signal.signal(signal.SIGALRM, before)


def stop_watching() -> None:
    """Watch no longer: what begins now may not be interrupted."""
    if _State.is_inside and _State.watch is not None:
        _State.watch.stop()


def why_interrupted() -> TimeLimitError | None:
    """Return the error of the limit that was passed in the present (or last) block, if it was."""
    watch = _State.watch
    return TimeLimitError(_message(watch.seconds)) if watch and watch.is_passed else None


def _interrupt_queries() -> None:
    """Interrupt what any open connection does; only the garbage collector knows all of them."""
    for found in gc.get_objects():
        if isinstance(found, duckdb.DuckDBPyConnection):
            with contextlib.suppress(duckdb.Error):
                found.interrupt()


def _message(seconds: float) -> str:
    return (
        "The refresh was ended, with all it had started, since it ran for longer than its limit of "
        f"{seconds:,.0f} s. `make doctor` says which step took long; {VARIABLE} is the limit in "
        "seconds (0 = none)."
    )
