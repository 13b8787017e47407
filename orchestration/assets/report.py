"""The report: what people look at, made from the published marts.

This module does without `from __future__ import annotations`: Dagster reads the annotations.
"""

import dagster as dg

from orchestration.assets.publishing import published_marts
from orchestration.report.build import write_report
from orchestration.resources import RefreshResource


@dg.asset(group_name="publishing", deps=[published_marts], kinds={"html"})
def report(refresh: RefreshResource) -> dg.MaterializeResult:
    """report/index.html and its data scripts; when it fails, the marts stay published."""
    session = refresh.session
    page = session.workspace.report_page
    with session.step("report", f"writing {page.parent.name}/{page.name}") as outcome:
        written = write_report(session.workspace, session.settings.get("reporting_currency"))
        outcome.append(
            f"{written.charts} charts, {written.scripts} data scripts, {written.bytes / 1e6:.1f} MB"
        )
    return dg.MaterializeResult(
        metadata={"bytes": written.bytes, "path": dg.MetadataValue.path(str(written.page))}
    )
