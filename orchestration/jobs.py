"""The jobs: from delivered files to published marts; and whether these are still young."""

from pathlib import Path

import dagster as dg

from orchestration.assets.landing import RUN_ANYWAY
from orchestration.checks.freshness_checks import FRESHNESS_KEYS

_freshness = dg.AssetSelection.checks(*FRESHNESS_KEYS)

refresh_job = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - _freshness,
    description="Load, guard, accept, build, test, publish: what `make refresh` runs.",
    # one process: one writer, and no import of dbt per step
    executor_def=dg.in_process_executor,
)


freshness_job = dg.define_asset_job(
    "freshness",
    selection=_freshness,
    description="Are inputs and marts as young as expected? Only looks; warns, and blocks nothing.",
    executor_def=dg.in_process_executor,
)


def run_in_process(home: Path) -> str | None:
    """Run the job in this process, recorded where the web UI looks.

    Args:
        home: Folder with Dagster's records of runs and its dagster.yaml.

    Returns:
        Why it failed, or None.
    """
    from orchestration.definitions import defs

    with dg.DagsterInstance.from_config(str(home)) as instance:
        result = defs.resolve_job_def("refresh").execute_in_process(
            instance=instance,
            raise_on_error=False,
            # whoever calls this holds the lock and has looked
            tags={RUN_ANYWAY: "true"},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    if result.success:
        return None
    errors = [
        event.event_specific_data.error
        for event in result.all_events
        if event.is_failure and getattr(event.event_specific_data, "error", None)
    ]
    if not errors:
        return "A blocking check said no."
    error = errors[0]
    while error.cause is not None:  # Dagster wraps what went wrong in what it was doing
        error = error.cause
    return error.message
