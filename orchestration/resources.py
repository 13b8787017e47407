"""What the steps share while a run lasts: the session of the refresh, and dbt."""

import contextlib
import importlib.metadata
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource
from packaging import version
from pydantic import PrivateAttr

from orchestration import notices
from orchestration.dbt_manifest import dbt_executable
from orchestration.outcomes import instant
from orchestration.project import DBT_PROJECT
from orchestration.ready import make_ready
from orchestration.retries import Attempts
from orchestration.sample import make_sample
from orchestration.session import Session, failed_before, hold_warehouse, open_session
from orchestration.workspace import Workspace


class RefreshResource(dg.ConfigurableResource):
    """Holds the writer lock while a run lasts and records how the refresh ended.

    Paths and settings come from the HOLDFAST_ variables, as for `make refresh`.
    """

    _session: Session | None = PrivateAttr(default=None)

    @contextlib.contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["RefreshResource"]:
        """Open the session for the whole run."""
        del context
        with contextlib.ExitStack() as stack:
            self._session = _open(stack)
            try:
                yield self
            finally:
                self._session = None

    @property
    def session(self) -> Session:
        """The session of the run."""
        if self._session is None:
            raise RuntimeError("A refresh is open only while a run lasts.")
        return self._session


def _open(stack: contextlib.ExitStack) -> Session:
    """Open the session of a run until the stack ends; tell it when that cannot be."""
    workspace, started_at = None, instant()
    try:
        workspace = Workspace.from_environment()
        # children (dbt, the guards) find the paths in the environment
        os.environ.update(workspace.environment())
        settings = workspace.read_settings()
        if workspace.is_sample:
            make_sample(workspace)
        stack.enter_context(hold_warehouse(workspace, Attempts()))
        make_ready(workspace)
        return stack.enter_context(open_session(workspace, settings))
    except Exception as error:
        notices.ended(workspace, failed_before(error, started_at))
        raise


@contextlib.contextmanager
def retried(session: Session) -> Iterator[None]:
    """Have Dagster run a step again, a while later, where what went wrong may have passed by then.

    Args:
        session: The session of the run, which knows what is worth it and how often.

    Yields:
        Nothing; the step is what runs in the block.

    Raises:
        RetryRequested: When the step is to be run again.
    """
    try:
        yield
    except Exception as error:
        wait = session.next_wait(error)
        if wait is None:
            raise
        most = session.attempts.most
        raise dg.RetryRequested(max_retries=most, seconds_to_wait=wait) from error


class Dbt(DbtCliResource):
    """Runs dbt as a child process, started once.

    dagster-dbt starts it twice more, to ask for its version and to open an adapter that only row
    counts and column metadata use; together that took 4 of 20 seconds.
    """

    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(importlib.metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ANN401
        del args


def dbt_resource() -> Dbt:
    """Return dbt for this project."""
    return Dbt(project_dir=DBT_PROJECT, dbt_executable=str(dbt_executable()))
