"""A refresh when a delivery has arrived and is whole."""

import json
from dataclasses import asdict

import dagster as dg

from orchestration.jobs import refresh_job
from orchestration.landing.arrival import listing, waiting_for
from orchestration.landing.watch import Watch, look
from orchestration.outcomes import read_outcomes
from orchestration.workspace import Workspace


@dg.sensor(job=refresh_job, minimum_interval_seconds=60)
def landing_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for a refresh once new files are whole and have stayed the same over two looks."""
    watch = Watch(**json.loads(context.cursor)) if context.cursor else Watch()
    workspace = Workspace.from_environment()
    watch, reason = look(
        watch,
        listing(workspace.landing),
        waiting_for(workspace.landing),
        read_outcomes(workspace),
    )
    context.update_cursor(json.dumps(asdict(watch)))
    if reason is not None:
        return dg.SkipReason(reason)
    # the same files may be asked for again after others were refused and taken away
    run_key = f"{watch.fired}-{watch.tries}-{watch.ended_before or ''}"
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=run_key)])
