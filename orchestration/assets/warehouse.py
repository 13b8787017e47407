"""dbt's models, seeds and tests as assets and asset checks, named and grouped as dbt has them.

This module does without `from __future__ import annotations`: Dagster reads the annotations.
"""

import collections
import contextlib
import io
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, dbt_assets

from orchestration.dbt_manifest import dbt_arguments
from orchestration.progress import ModelProgress
from orchestration.project import DBT_PROJECT, MANIFEST, FolderTranslator
from orchestration.resources import Dbt, RefreshResource, retried


@dbt_assets(
    manifest=MANIFEST,
    project=DBT_PROJECT,
    dagster_dbt_translator=FolderTranslator(),
    # unit tests prove the code, not the data: `make test` runs them
    exclude="resource_type:unit_test",
    name="warehouse",
)
def warehouse(
    context: dg.AssetExecutionContext, dbt: Dbt, refresh: RefreshResource
) -> Iterator[Any]:
    """Build and test every model in dependency order."""
    session = refresh.session
    with retried(session), session.step("models", "building and testing the models") as outcome:
        invocation = dbt.cli(
            [
                "build",
                "--exclude-resource-type",
                "unit_test",
                *dbt_arguments(session.workspace, session.settings),
            ],
            context=context,
            target_path=session.workspace.dbt_target,
        )
        progress = ModelProgress(invocation.manifest)
        events = invocation.stream_raw_events()
        # dagster-dbt repeats every line of dbt on stdout; the progress says it shorter
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                for event in events:
                    progress.see(event.raw_event)
                    yield from event.to_default_asset_events(
                        manifest=invocation.manifest,
                        dagster_dbt_translator=invocation.dagster_dbt_translator,
                        context=invocation.context,
                        target_path=invocation.target_path,
                        project=invocation.project,
                    )
            except Exception:
                _end(invocation, events)
                if progress.problems():
                    session.problems.extend(["The models did not pass:", *progress.problems()])
                    session.told.extend(progress.problems())
                    session.details.extend(progress.failed())
                raise
        outcome.append(progress.total())


def _end(invocation: DbtCliInvocation, events: Iterator[Any]) -> None:
    """Let no child outlive this step, as it would hold the work database."""
    invocation.process.terminate()
    with contextlib.suppress(Exception):
        # read to the end: dagster-dbt's reader cannot be closed half way
        collections.deque(events, maxlen=0)
    invocation.process.wait()
