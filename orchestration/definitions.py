"""The table of contents: every asset, check, job, schedule, sensor and resource by name."""

import dagster as dg

from orchestration.assets.landing import incoming, landing
from orchestration.assets.publishing import published_marts
from orchestration.assets.report import report
from orchestration.assets.warehouse import warehouse
from orchestration.checks.freshness_checks import freshness_checks
from orchestration.checks.input_checks import input_checks
from orchestration.jobs import freshness_job, refresh_job
from orchestration.resources import RefreshResource, dbt_resource
from orchestration.schedules import hourly_freshness, nightly_refresh
from orchestration.sensors import landing_files

defs = dg.Definitions(
    assets=[incoming, landing, warehouse, published_marts, report],
    asset_checks=[input_checks, freshness_checks],
    jobs=[refresh_job, freshness_job],
    schedules=[nightly_refresh, hourly_freshness],
    sensors=[landing_files],
    resources={"refresh": RefreshResource(), "dbt": dbt_resource()},
    executor=dg.in_process_executor,
)
