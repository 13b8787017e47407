"""The report: what people look at, made from the published marts.

This module does without `from __future__ import annotations`: Dagster reads the annotations.
"""

import dagster as dg

from orchestration.assets.publishing import published_marts
from orchestration.publishing.step import report_marts
from orchestration.resources import RefreshResource


@dg.asset(group_name="publishing", deps=[published_marts], kinds={"html"})
def report(refresh: RefreshResource) -> dg.MaterializeResult:
    """report/index.html and its data scripts; when it fails, the marts stay published."""
    written = report_marts(refresh.session)
    return dg.MaterializeResult(
        metadata={"bytes": written.bytes, "path": dg.MetadataValue.path(str(written.page))}
    )
