"""When the refresh runs by itself."""

import dagster as dg

from orchestration import notices
from orchestration.jobs import freshness_job, refresh_job
from orchestration.landing.arrival import IncompleteError, require_complete
from orchestration.nothing_new import find_nothing_new
from orchestration.project import TIMEZONE
from orchestration.workspace import Workspace


@dg.schedule(
    job=refresh_job,
    cron_schedule="0 4 * * *",
    execution_timezone=TIMEZONE,
    description="Every night at four, business time; nothing runs when nothing is new, or while a "
    "delivery waits for the marker that is asked for.",
)
def nightly_refresh() -> dg.RunRequest | dg.SkipReason:
    """Ask for a refresh unless it would change nothing."""
    workspace = Workspace.from_environment()
    settings = workspace.read_settings()
    if find_nothing_new(workspace, settings) is not None:
        # no run is asked for that could tell it
        notices.well_again(workspace)
        return dg.SkipReason("Nothing new since the last publication.")
    try:
        require_complete(workspace.landing)
    except IncompleteError as error:
        return dg.SkipReason(str(error))
    return dg.RunRequest()


hourly_freshness = dg.ScheduleDefinition(
    name="hourly_freshness",
    job=freshness_job,
    cron_schedule="30 * * * *",
    execution_timezone=TIMEZONE,
    description="Every hour: are inputs and marts as young as expected? Warns, and blocks nothing.",
)
