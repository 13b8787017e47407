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

from orchestration.dbt_manifest import dbt_executable
from orchestration.lock import writer_lock
from orchestration.project import DBT_PROJECT
from orchestration.ready import make_ready
from orchestration.sample import make_sample
from orchestration.session import Session, lock_timeout, open_session
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
        workspace = Workspace.from_environment()
        # children (dbt, the guards) find the paths in the environment
        os.environ.update(workspace.environment())
        settings = workspace.read_settings()
        if workspace.is_sample:
            make_sample(workspace)
        with writer_lock(workspace.lock_file, lock_timeout()):
            make_ready(workspace)
            with open_session(workspace, settings) as session:
                self._session = session
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
