"""One refresh while it runs: the writer lock, its record, its progress.

Every way of running the job (make refresh, schedule, sensor, web UI) goes through one.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from orchestration.advice import advice
from orchestration.contract import Contract, load_contract
from orchestration.fingerprint import code_hash, inputs_hash
from orchestration.lock import writer_lock
from orchestration.orphans import mark_children
from orchestration.publishing.publish import Refresh
from orchestration.records import Ending, begin, finish
from orchestration.settings import Settings
from orchestration.showing import showable
from orchestration.steps import metered
from orchestration.workspace import Workspace

_STEP_WIDTH = 10


class StoppedError(RuntimeError):
    """A guard said no; the message is what a person reads."""


def say(text: str = "") -> None:
    """Print one line of progress at once, also into a pipe; nothing in it steers a terminal."""
    sys.stdout.write(showable(text) + "\n")
    sys.stdout.flush()


def lock_timeout() -> float:
    """Seconds to wait for another writer, HOLDFAST_LOCK_TIMEOUT or five minutes."""
    return float(os.environ.get("HOLDFAST_LOCK_TIMEOUT") or 300)


@dataclass
class Session:
    """One refresh while it runs.

    Attributes:
        workspace: Where it reads and writes.
        settings: Its business settings.
        contract: The input contract.
        ending: How it ended, once that is known.
    """

    workspace: Workspace
    settings: Settings
    contract: Contract
    ending: Ending | None = None
    problems: list[str] = field(default_factory=list)
    _refresh: Refresh | None = None

    @property
    def refresh(self) -> Refresh:
        """The record of this refresh, written when first asked for.

        A run of single models from the web UI never asks, so it leaves no refresh behind.
        """
        if self._refresh is None:
            self._refresh = begin(
                self.workspace,
                self.contract,
                self.settings,
                code_hash(self.workspace.project, self.workspace.extensions),
                inputs_hash(self.workspace.landing, self.settings),
            )
        return self._refresh

    @property
    def now(self) -> datetime:
        """The UTC instant, without offset, that this refresh takes for the present."""
        return self.refresh.started_at

    @contextlib.contextmanager
    def step(self, name: str, doing: str) -> Iterator[list[str]]:
        """Print what a step does, then what came of it and how long it took; record its cost.

        Args:
            name: One word.
            doing: What is done, as a person says it.

        Yields:
            A list: what is appended is printed as the outcome.
        """
        say(f"{name:<{_STEP_WIDTH}}{doing} ...")
        outcome: list[str] = []
        with metered(self.workspace.step_log, name) as meter:
            try:
                yield outcome
            except BaseException as error:
                self.note_problem(error)
                raise
            finally:
                meter.refresh_id = self._refresh.refresh_id if self._refresh else None
        for line in outcome[:-1]:
            say(f"{'':<{_STEP_WIDTH}}{line}")
        last = outcome[-1] if outcome else "done"
        say(f"{'':<{_STEP_WIDTH}}{last} ({meter.seconds:.1f} s)")

    def note_problem(self, error: BaseException) -> None:
        """Keep why a step failed, for the record and the last words to a person.

        Where the step told its problems itself, an error of dagster-dbt only repeats them.
        An error that was not raised for a person (none of this package's own) says where it is
        from, as whoever mends it needs to know.
        """
        if self.problems and type(error).__module__.startswith("dagster_dbt."):
            return
        text = str(error).strip() or type(error).__name__
        to_do = advice(f"{type(error).__name__}: {error}", self.workspace)
        if to_do is not None:
            text = f"{text}\n{to_do}"
        elif not type(error).__module__.startswith(("orchestration.", "dagster_dbt.")):
            frames = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in frames if "/orchestration/" in frame.filename] or frames
            place = f"{Path(ours[-1].filename).name}, line {ours[-1].lineno}" if ours else "?"
            text = (
                f"{text}\n({type(error).__name__} in {place}: this is a fault of holdfast itself)"
            )
        if text not in self.problems:
            self.problems.append(text)

    def close(self) -> None:
        """Write down how the refresh ended; what did not say so itself has failed."""
        if self._refresh is None:
            return
        if self.ending is None:
            message = "\n".join(self.problems) or "The run ended before the marts were published."
            self.ending = Ending("failed", message)
        finish(self.workspace, self._refresh, self.ending)


@contextlib.contextmanager
def open_session(workspace: Workspace, settings: Settings) -> Iterator[Session]:
    """Hold the writer lock and keep the record of one refresh.

    Args:
        workspace: Where it reads and writes.
        settings: Its business settings.

    Yields:
        The session; when the block ends, the ending is recorded.

    Raises:
        WriterBusyError: When another process writes this warehouse for too long.
    """
    with (
        writer_lock(
            workspace.lock_file, lock_timeout(), on_wait=lambda who: say(f"{'lock':<10}{who}")
        ),
        mark_children(),
    ):
        session = Session(workspace, settings, load_contract(extensions=workspace.extensions))
        try:
            yield session
        finally:
            session.close()
