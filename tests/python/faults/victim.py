"""A refresh to be disturbed: every step the real one, DuckDB in the place of dbt, a few marts.

`refresh` runs in processes that are forked from one that has imported everything, so that a kill
costs no start. It says at which step it is, by calling a hook that may kill it.
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from unittest import mock

import duckdb
import great_expectations  # noqa: F401 - imported once, before the processes are forked

from orchestration import guard, records
from orchestration.contract import load_contract
from orchestration.guard import run_guards
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.lock import writer_lock
from orchestration.memory import VARIABLE
from orchestration.publishing import publish as publishing
from orchestration.publishing.marts import Mart
from orchestration.publishing.restatements import record_restatements
from orchestration.quality import __main__ as quality
from orchestration.ready import make_ready
from orchestration.records import Ending, utc_now
from orchestration.report import build as report
from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from orchestration.straight import Step, run_step
from orchestration.workspace import Workspace

# Each with the steps after it, in the order of the refresh; publishing by its inner steps.
PUBLISHING = (
    "build_files",
    "verify_files",
    "place_parquet",
    "replace_marts",
    "swap_parquet_link",
    "replace_manifest",
    "_drop_old_parquet",
)
BOUNDARIES = (
    "begin",
    "load",
    "guard",
    "accept",
    "models half way",
    "models",
    "restatements",
    *PUBLISHING,
    "published",
    "report written",
    "report swapped half",
    "report",
)


@dataclass(frozen=True)
class Models:
    """What is built and published: compiled once, handed to every victim."""

    steps: list[Step]
    marts: list[Mart]


def nothing(_: str) -> None:
    """Let the refresh pass a step."""


def refresh(
    workspace: Workspace, models: Models, passes: Callable[[str], None] = nothing
) -> Ending | None:
    """Refresh a warehouse; returns how it ended.

    Args:
        workspace: The warehouse.
        models: What to build and publish.
        passes: Told each step when it is reached (`BOUNDARIES`), right after the one before.
    """
    settings = load_settings()
    with writer_lock(workspace.lock_file, 0):
        make_ready(workspace)
        with open_session(workspace, settings) as session:
            _run(session, models, passes)
        return session.ending


def _run(session: Session, models: Models, passes: Callable[[str], None]) -> None:
    workspace = session.workspace
    told = (
        workspace, load_contract(), session.settings, session.refresh.refresh_id, session.now
    )  # fmt: skip
    passes("begin")
    read_deliveries(*told)
    passes("load")
    with mock.patch.object(guard, "_run_child", _guard_here):
        run_guards(session)
    if session.ending is not None:
        return
    passes("guard")
    accept(*told)
    passes("accept")
    build(workspace, models, passes)
    passes("models")
    record_restatements(workspace, models.marts, session.refresh)
    passes("restatements")
    with told_before(PUBLISHING, passes):
        publishing.publish(workspace, models.marts, session.refresh, utc_now())
    session.ending = Ending("published")
    passes("published")
    with mock.patch.object(report, "CHARTS", ()), told_in_report(passes):
        report.write_report(workspace, "EUR")
    passes("report")


def build(workspace: Workspace, models: Models, passes: Callable[[str], None] = nothing) -> None:
    """Compute the models."""
    with duckdb.connect(str(workspace.work_db)) as con:
        con.execute("set TimeZone = 'UTC'")
        for number, step in enumerate(models.steps):
            if number == len(models.steps) // 2:
                passes("models half way")
            run_step(con, step)


def _guard_here(session: Session) -> None:
    """Run the guards in this process, which has imported Great Expectations already."""
    workspace = session.workspace
    with mock.patch.dict(os.environ, workspace.environment()), mock.patch("builtins.print"):
        quality.main(["--refresh-id", session.refresh.refresh_id, "--now", session.now.isoformat()])


@contextmanager
def told_before(names: tuple[str, ...], passes: Callable[[str], None]) -> Iterator[None]:
    """Have the inner steps of publishing told when they are reached."""
    with mock.patch.multiple(
        publishing, **{name: _telling(name, getattr(publishing, name), passes) for name in names}
    ):
        yield


@contextmanager
def told_in_report(passes: Callable[[str], None]) -> Iterator[None]:
    """Have it told when the report is written, and when half of it is swapped."""
    rename = Path.rename

    def renaming(path: Path, target: Path) -> Path:
        if path.name == ".report.building":
            passes("report swapped half")
        return rename(path, target)

    swap = _telling("report written", report.swap, passes)
    with mock.patch.object(report, "swap", swap), mock.patch.object(Path, "rename", renaming):
        yield


def _telling(name: str, function: Callable, passes: Callable[[str], None]) -> Callable:
    def told(*arguments: object, **named: object) -> object:
        # publishing clears away what is old before it begins, too
        if name != "_drop_old_parquet" or named.get("keep"):
            passes(name)
        return function(*arguments, **named)

    return told


def die(_: str = "") -> None:
    """End this process as a power cut does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def refresh_until(workspace: Workspace, models: Models, boundary: str) -> None:
    """Refresh, and die at a step."""
    refresh(workspace, models, lambda name: die() if name == boundary else None)


def load(workspace: Workspace) -> None:
    """Load and accept alone: one refresh that ends before the models."""
    with open_session(workspace, load_settings()) as session:
        told = (
            workspace, load_contract(), session.settings, session.refresh.refresh_id, session.now
        )  # fmt: skip
        read_deliveries(*told)
        accept(*told)
        session.ending = Ending("stopped", "nothing but loaded")


def publish(workspace: Workspace, models: Models) -> None:
    """Publish alone what stands in the work database."""
    with open_session(workspace, load_settings()) as session:
        begun = session.refresh
        with duckdb.connect(str(workspace.work_db)) as con:
            con.execute("create or replace table quality.refreshes as from ops.refreshes")
        publishing.publish(workspace, models.marts, begun, utc_now())
        session.ending = Ending("published")


def write_no_report(workspace: Workspace) -> None:
    """Begin a report that cannot be written."""
    with (
        mock.patch.object(report, "CHARTS", ()),
        mock.patch.object(report, "_page", side_effect=OSError("No space left on device")),
    ):
        try:
            report.write_report(workspace, "EUR")
        except OSError:
            return
    raise AssertionError("the report was written")


class Clock:
    """A clock that is off by some seconds, in the place of `datetime` of a module."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> None:
        """Put the clocks of this process; a victim's `within`."""
        off = timedelta(seconds=self.seconds)

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return datetime.now(tz) + off

        records.datetime = Shifted


class Limited:
    """Limits of this process and its children; a victim's `within`."""

    def __init__(self, **limits: int) -> None:
        self.limits = limits

    def __call__(self) -> None:
        """Set them."""
        for name, value in self.limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


class Memory:
    """The engine's memory limit of this process; a victim's `within`."""

    def __init__(self, limit: str) -> None:
        self.limit = limit

    def __call__(self) -> None:
        """Set it."""
        os.environ[VARIABLE] = self.limit


def nobody() -> None:
    """Become a user who may write nothing; root may all. A victim's `within`."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
