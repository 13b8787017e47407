"""One refresh while it runs: the writer lock, its record, its progress.

Every way of running the job (make refresh, schedule, sensor, web UI) goes through one.
"""

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from orchestration import notices
from orchestration.advice import advice
from orchestration.built import remember_built
from orchestration.contract import Contract, load_contract
from orchestration.fingerprint import code_hash, inputs_hash
from orchestration.lock import WriterBusyError, writer_lock
from orchestration.orphans import mark_children
from orchestration.outcomes import FAILED, PUBLISHED, STOPPED, Outcome, instant
from orchestration.publishing.publish import Refresh
from orchestration.records import Ending, begin, finish
from orchestration.retries import Attempts, all_worth_retrying, worth_retrying
from orchestration.settings import Settings, SettingsError
from orchestration.showing import showable
from orchestration.steps import metered
from orchestration.time_limit import (
    TimeLimitError,
    limited,
    stop_watching,
    time_limit,
    why_interrupted,
)
from orchestration.variables import number
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
    return number("HOLDFAST_LOCK_TIMEOUT", 300)


@contextlib.contextmanager
def hold_warehouse(workspace: Workspace, attempts: Attempts) -> Iterator[None]:
    """Hold the writer lock, waiting behind other refreshes as long as it is worth trying again.

    Args:
        workspace: The warehouse.
        attempts: The retries left; one is taken for each time that waiting was in vain.

    Yields:
        Nothing; the lock is held inside the block.

    Raises:
        WriterBusyError: When another process held it all the time.
    """
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(
                    writer_lock(
                        workspace.lock_file, lock_timeout(), lambda who: say(f"{'lock':<10}{who}")
                    )
                )
                break
            except WriterBusyError as error:
                if not wait_to_retry(attempts, worth_retrying(error), str(error)):
                    raise
        yield


def wait_to_retry(attempts: Attempts, reason: str | None, told: str) -> bool:
    """Wait before another try, and say so.

    Args:
        attempts: The retries left.
        reason: Why it may help; None = it does not.
        told: What went wrong.

    Returns:
        Whether to try again.
    """
    wait = attempts.next_wait(reason)
    if wait is None:
        return False
    say_retry(told, wait)
    time.sleep(wait)
    return True


def say_retry(told: str, wait: float) -> None:
    """Say what went wrong, and that it is tried again."""
    lines = told.strip().splitlines()
    say(f"{'retry':<10}{lines[0] if lines else 'It failed.'}")
    say(f"{'':<10}this may pass: trying again in {wait:,.0f} s")


@dataclass
class Session:
    """One refresh while it runs.

    Attributes:
        workspace: Where it reads and writes.
        settings: Its business settings.
        contract: The input contract.
        ending: How it ended, once that is known.
        attempts: The retries left.
        problems: What went wrong, as a person reads it.
        told: Those of them that a child process told, each by itself.
        details: Names of checks, models or tests that said no.
        newest: Newest day of the inputs that everything hangs on, once they are accepted.
        rows: Rows that the step now running goes through, by input or table.
    """

    workspace: Workspace
    settings: Settings
    contract: Contract
    ending: Ending | None = None
    attempts: Attempts = field(default_factory=Attempts)
    problems: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    newest: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    _refresh: Refresh | None = None
    _failed: tuple[str, BaseException] | None = None

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
            notices.began(self.workspace, self._refresh.refresh_id)
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
        self.rows = {}
        with metered(self.workspace.step_log, name) as meter:
            try:
                yield outcome
            except BaseException as error:
                # whatever an interrupted engine says, it was the limit
                error = why_interrupted() or error
                self._failed = (name, error)
                self.note_problem(error)
                raise
            finally:
                meter.refresh_id = self._refresh.refresh_id if self._refresh else None
                meter.rows = self.rows
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
        if isinstance(error, TimeLimitError):
            self.problems.clear()
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

    def next_wait(self, error: BaseException) -> float | None:
        """Decide whether a step that failed is tried again, and say so.

        Args:
            error: Why it failed; already noted.

        Returns:
            Seconds to wait before; None = it has failed.
        """
        wait = None if self.ending else self.attempts.next_wait(self._may_pass(error))
        if wait is not None:
            say_retry("\n".join(self.told or self.problems), wait)
            for kept in (self.problems, self.told, self.details):
                kept.clear()
        return wait

    def close(self) -> None:
        """Write down how the refresh ended, and tell where that has to be told.

        What did not say itself how it ended has failed.
        """
        if self._refresh is None:
            return
        if self.ending is None:
            message = "\n".join(self.problems) or "The run ended before the marts were published."
            self.ending = Ending("failed", message)
        try:
            finish(self.workspace, self._refresh, self.ending)
            if self.ending.result == PUBLISHED:
                remember_built(self.workspace, self._refresh.refresh_id)
        finally:
            notices.ended(self.workspace, self._outcome(self.ending), self.newest)

    def _may_pass(self, error: BaseException) -> str | None:
        """Say why an error may not come again; None = it will."""
        if why_interrupted() is not None:
            return None
        return all_worth_retrying(self.told) if self.told else worth_retrying(error)

    def _outcome(self, ending: Ending) -> Outcome:
        """Say how this refresh ended, as programs read it."""
        step, error = self._failed or (None, None)
        may_pass = None if error is None else self._may_pass(error)
        reason: str | None = None
        if ending.result == STOPPED:
            step, reason, may_pass = "guard", "checks", None
        elif ending.result != PUBLISHED:
            reason = may_pass or reason_of(error)
            if reason == "fault" and self.told:
                reason = "models"
        return Outcome(
            result=ending.result,
            refresh_id=self._refresh.refresh_id if self._refresh else None,
            reason=reason,
            step=None if ending.result == PUBLISHED else step,
            details=tuple(self.details),
            message=ending.message,
            may_help_again=may_pass is not None and ending.result != PUBLISHED,
            started_at=f"{self.now.isoformat()}Z",
            ended_at=instant(),
            pid=os.getpid(),
        )


def reason_of(error: BaseException | None) -> str:
    """Say in one word of `Outcome.reason` what an error is."""
    if isinstance(error, TimeLimitError):
        return "time_limit"
    if isinstance(error, KeyboardInterrupt):
        return "by_hand"
    if isinstance(error, SettingsError):
        return "settings"
    return (None if error is None else worth_retrying(error)) or "fault"


def failed_before(error: BaseException | str, started_at: str) -> Outcome:
    """Describe a refresh that failed before it had a record, or left none.

    Args:
        error: Why, or what is known of it.
        started_at: When it was asked for.
    """
    known = error if isinstance(error, BaseException) else None
    return Outcome(
        FAILED,
        reason=reason_of(known),
        message=str(error),
        may_help_again=known is not None and worth_retrying(known) is not None,
        started_at=started_at,
        ended_at=instant(),
        pid=os.getpid(),
    )


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
    attempts = Attempts()
    with hold_warehouse(workspace, attempts), mark_children(), limited(time_limit()):
        session = Session(
            workspace,
            settings,
            load_contract(extensions=workspace.extensions),
            attempts=attempts,
        )
        try:
            yield session
        finally:
            # the end is told in any case, and not itself interrupted
            try:
                stop_watching()
            finally:
                session.close()
