"""Delivered files: read beside what stands, then, past the guards, merged into the landing tables.

This module does without `from __future__ import annotations`: Dagster reads the annotations.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration import notices
from orchestration.landing.accept import accept
from orchestration.landing.arrival import require_complete
from orchestration.landing.read import read_deliveries
from orchestration.landing.tables import ops_tables
from orchestration.nothing_new import find_nothing_new
from orchestration.progress import loaded_lines, read_lines
from orchestration.project import CONTRACT
from orchestration.quality.deliveries import newest_days
from orchestration.records import connect
from orchestration.resources import RefreshResource, retried
from orchestration.session import say

INCOMING = dg.AssetKey("incoming")
LANDING_KEYS = [dg.AssetKey(["landing", name]) for name in CONTRACT.inputs]
OPS_KEYS = [dg.AssetKey(["ops", name]) for name in ops_tables()]


# Tag of runs that know already that there is something to do, or are to run in any case.
RUN_ANYWAY = "holdfast/run_anyway"


@dg.asset(key=INCOMING, group_name="landing", kinds={"duckdb"}, output_required=False)
def incoming(
    context: dg.AssetExecutionContext, refresh: RefreshResource
) -> Iterator[dg.MaterializeResult]:
    """Rows of the files not loaded yet, as delivered, with personal columns reduced.

    A run of the job that waited behind another may find that all is done: then nothing follows.
    """
    session = refresh.session
    run = context.run
    if run.job_name == "refresh" and RUN_ANYWAY not in run.tags:
        if find_nothing_new(session.workspace, session.settings) is not None:
            say("Nothing new: files, settings and code are those of the published marts.")
            notices.well_again(session.workspace)
            return
        require_complete(session.workspace.landing)
    with retried(session), session.step("load", f"reading {session.workspace.landing}") as outcome:
        read_deliveries(
            session.workspace,
            session.contract,
            session.settings,
            session.refresh.refresh_id,
            session.now,
        )
        lines, metadata, session.rows = read_lines(session.workspace)
        outcome.extend(lines)
    yield dg.MaterializeResult(metadata=metadata)


@dg.multi_asset(
    name="landing",
    group_name="landing",
    specs=[
        dg.AssetSpec(key, deps=[INCOMING], kinds={"duckdb"}) for key in [*LANDING_KEYS, *OPS_KEYS]
    ],
)
def landing(refresh: RefreshResource) -> Iterator[dg.MaterializeResult]:
    """Delivered rows that passed every guard: one row per key, the latest version."""
    session = refresh.session
    with (
        retried(session),
        session.step("accept", "keeping the latest version of each row") as outcome,
    ):
        accept(
            session.workspace,
            session.contract,
            session.settings,
            session.refresh.refresh_id,
            session.now,
        )
        lines, rows, session.rows = loaded_lines(session.workspace, session.refresh.refresh_id)
        outcome.extend(lines)
        with connect(session.workspace) as con:
            session.newest = newest_days(con, session.contract, session.settings, session.now)
    for key in [*LANDING_KEYS, *OPS_KEYS]:
        count = rows.get((key.path[0], key.path[1]), 0)
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": count})
