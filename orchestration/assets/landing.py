"""Delivered files: read beside what stands, then, past the guards, merged into the landing tables.

This module does without `from __future__ import annotations`: Dagster reads the annotations.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.landing.tables import ops_tables
from orchestration.progress import loaded_lines, read_lines
from orchestration.project import CONTRACT
from orchestration.resources import RefreshResource

INCOMING = dg.AssetKey("incoming")
LANDING_KEYS = [dg.AssetKey(["landing", name]) for name in CONTRACT.inputs]
OPS_KEYS = [dg.AssetKey(["ops", name]) for name in ops_tables()]


@dg.asset(key=INCOMING, group_name="landing", kinds={"duckdb"})
def incoming(refresh: RefreshResource) -> dg.MaterializeResult:
    """Rows of the files not loaded yet, as delivered, with personal columns reduced."""
    session = refresh.session
    with session.step("load", f"reading {session.workspace.landing}") as outcome:
        read_deliveries(
            session.workspace,
            session.contract,
            session.settings,
            session.refresh.refresh_id,
            session.now,
        )
        lines, metadata = read_lines(session.workspace)
        outcome.extend(lines)
    return dg.MaterializeResult(metadata=metadata)


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
    with session.step("accept", "keeping the latest version of each row") as outcome:
        accept(
            session.workspace,
            session.contract,
            session.settings,
            session.refresh.refresh_id,
            session.now,
        )
        lines, rows = loaded_lines(session.workspace, session.refresh.refresh_id)
        outcome.extend(lines)
    for key in [*LANDING_KEYS, *OPS_KEYS]:
        count = rows.get((key.path[0], key.path[1]), 0)
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": count})
