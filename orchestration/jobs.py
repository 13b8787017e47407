"""The one job: from delivered files to published marts."""

import dagster as dg

refresh_job = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Load, guard, accept, build, test, publish: what `make refresh` runs.",
    # one process: one writer, and no import of dbt per step
    executor_def=dg.in_process_executor,
)
