"""The published marts: what readers, BI tools and the report see.

This module does without `from __future__ import annotations`: Dagster reads the annotations.
"""

import dagster as dg

from orchestration.assets.warehouse import warehouse
from orchestration.project import MANIFEST
from orchestration.publishing.marts import read_marts
from orchestration.publishing.plausibility import unusual_days
from orchestration.publishing.publish import publish
from orchestration.publishing.restatements import record_restatements
from orchestration.records import Ending, utc_now
from orchestration.resources import RefreshResource, retried
from orchestration.time_limit import stop_watching

_MART_KEYS = [dg.AssetKey([mart.schema, mart.model]) for mart in read_marts(MANIFEST)]


@dg.asset(
    key=dg.AssetKey(["published", "marts"]),
    group_name="publishing",
    deps=[key for key in _MART_KEYS if key in warehouse.keys],
    kinds={"duckdb", "parquet"},
)
def published_marts(refresh: RefreshResource) -> dg.MaterializeResult:
    """marts.duckdb, Parquet and manifest.json, replaced in one rename each."""
    session = refresh.session
    with (
        retried(session),
        session.step("publish", f"writing {session.workspace.marts_db.name}") as outcome,
    ):
        marts = read_marts(session.workspace.dbt_target / "manifest.json")
        restated = record_restatements(session.workspace, marts, session.refresh)
        if restated:
            outcome.append(f"{restated:,} numbers of final periods changed: quality.restatements")
        # once it is to be seen, nothing may interrupt it half way
        tables = publish(
            session.workspace, marts, session.refresh, utc_now(), before_switch=stop_watching
        )
        session.ending = Ending("published")
        unusual = unusual_days(session.workspace, session.refresh.refresh_id)
        outcome.extend(unusual)
        rows = sum(table.rows for table in tables)
        outcome.append(f"{len(tables)} tables, {rows:,} rows")
    return dg.MaterializeResult(
        metadata={
            "tables": len(tables),
            "dagster/row_count": rows,
            "unusual_days": len(unusual),
            "path": dg.MetadataValue.path(str(session.workspace.marts_db)),
        }
    )
