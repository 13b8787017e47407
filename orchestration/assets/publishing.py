"""The published marts: what readers, BI tools and the report see.

This module does without `from __future__ import annotations`: Dagster reads the annotations.
"""

import dagster as dg

from orchestration.assets.warehouse import warehouse
from orchestration.project import MANIFEST
from orchestration.publishing.marts import read_marts
from orchestration.publishing.step import publish_marts
from orchestration.resources import RefreshResource, retried

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
    with retried(session):
        tables, unusual = publish_marts(session)
    return dg.MaterializeResult(
        metadata={
            "tables": len(tables),
            "dagster/row_count": sum(table.rows for table in tables),
            "unusual_days": len(unusual),
            "path": dg.MetadataValue.path(str(session.workspace.marts_db)),
        }
    )
