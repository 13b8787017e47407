"""Tells which of the days a publication counts for the first time lie outside what was expected."""

import duckdb

from orchestration.workspace import Workspace


def unusual_days(workspace: Workspace, refresh_id: str) -> list[str]:
    """Say what was unusual on the days that no earlier publication has counted.

    Args:
        workspace: Where the marts are published.
        refresh_id: The refresh that published them.

    Returns:
        A line per day and measure of quality.plausibility that is outside; of the first publication
        only the last day is looked at, as all that is older is history.
    """
    with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
        rows = con.execute(
            """select day, measure, total, expected_low, expected_high
            from quality.plausibility
            where is_outside and day > coalesce(
                (
                    select max(cutoff_day) from quality.refreshes
                    where result = 'published' and refresh_id < ?
                ),
                (select max(day) - 1 from quality.plausibility)
            )
            order by day, measure""",
            [refresh_id],
        ).fetchall()
    return [
        f"unusual: {measure.replace('_', ' ')} on {day}: {total:,.0f}, expected {low:,.0f} to "
        f"{high:,.0f} (quality.plausibility)"
        for day, measure, total, low, high in rows
    ]
