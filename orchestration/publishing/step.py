"""The steps with which every refresh ends, whole or partial: publish, and write the report."""

from orchestration.publishing.marts import marts_of
from orchestration.publishing.plausibility import unusual_days
from orchestration.publishing.publish import PublishedTable, publish
from orchestration.publishing.restatements import record_restatements
from orchestration.publishing.timings import record_timings
from orchestration.records import Ending, utc_now
from orchestration.report.build import Written, write_report
from orchestration.session import Session
from orchestration.straight import read_dbt_manifest
from orchestration.time_limit import stop_watching


def publish_marts(session: Session) -> tuple[list[PublishedTable], list[str]]:
    """Publish what the models built.

    Args:
        session: The refresh.

    Returns:
        What was published, and what is unusual in it, in words.
    """
    with session.step("publish", f"writing {session.workspace.marts_db.name}") as outcome:
        manifest = read_dbt_manifest(session.workspace.dbt_target)
        marts = marts_of(manifest)
        restated = record_restatements(session.workspace, marts, session.refresh)
        if restated:
            outcome.append(f"{restated:,} numbers of final periods changed: quality.restatements")
        record_timings(session.workspace, manifest["nodes"], session.refresh)
        # once it is to be seen, nothing may interrupt it half way
        tables = publish(
            session.workspace, marts, session.refresh, utc_now(), before_switch=stop_watching
        )
        session.ending = Ending("published")
        unusual = unusual_days(session.workspace, session.refresh.refresh_id)
        outcome.extend(unusual)
        session.rows = {f"{table.schema}.{table.name}": table.rows for table in tables}
        rows = sum(table.rows for table in tables)
        outcome.append(f"{len(tables)} tables, {rows:,} rows")
    return tables, unusual


def report_marts(session: Session) -> Written:
    """Write the report of what is published.

    Args:
        session: The refresh.

    Returns:
        What was written.
    """
    page = session.workspace.report_page
    with session.step("report", f"writing {page.parent.name}/{page.name}") as outcome:
        written = write_report(session.workspace, session.settings.get("reporting_currency"))
        outcome.append(
            f"{written.charts} charts, {written.scripts} data scripts, {written.bytes / 1e6:.1f} MB"
        )
    return written
