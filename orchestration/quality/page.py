"""The page with the results of the input checks: one file that opens offline."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from orchestration.quality.messages import percent, rows
from orchestration.quality.results import BLOCKING, ERROR, CheckResult, read_results
from orchestration.records import connect
from orchestration.showing import showable
from orchestration.workspace import Workspace

TEMPLATES = Path(__file__).parent

TITLES = {
    "required_file": "a required file is missing",
    "readable_file": "a file cannot be read",
    "required_column": "a required column is missing",
    "unknown_column": "a column is not known",
    "line": "lines do not parse",
    "not_empty": "nothing usable was delivered",
    "max_quarantined_share": "too many rows are refused",
    "weekly_rows": "far from the usual number of rows",
    "weekly_revenue": "far from the usual revenue",
    "max_data_age_days": "the data are too old",
    "type": "not of the right type",
    "required": "missing",
    "accepted_values": "not one of the accepted values",
    "minimum": "too small",
    "above": "too small",
    "maximum": "too large",
    "format": "not in the right form",
    "event": "before 1970 or in the future",
    "after": "not after what it follows",
    "not_before": "before what it follows",
    "reference": "its row is missing in another input",
    "seed": "not in the list",
    "missing": "its rows are missing in another input",
}


def write_checks_page(workspace: Workspace, refresh_id: str) -> Path:
    """Write the page of a refresh, replacing the one before.

    Args:
        workspace: Where the work database and the page lie.
        refresh_id: The refresh.

    Returns:
        The page's path.
    """
    with connect(workspace) as con:
        text = checks_page(con, refresh_id)
    page = workspace.checks_page
    page.parent.mkdir(parents=True, exist_ok=True)
    unfinished = page.with_name(page.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(page)
    return page


def checks_page(con: duckdb.DuckDBPyConnection, refresh_id: str) -> str:
    """Make the page from ops.input_checks and ops.quarantined_rows.

    Args:
        con: Open connection to the work database.
        refresh_id: The refresh.

    Returns:
        HTML, every value escaped.
    """
    results = read_results(con, refresh_id)
    found = [result for result in results if not result.is_success]
    stopping = [result for result in found if result.stops_refresh]
    quarantine = _quarantine(con, refresh_id)
    refused = _refused_rows(con, refresh_id)
    verdict, tone = _verdict(results, found, stopping)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=lambda value: showable(value) if isinstance(value, str) else value,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        refresh_id=refresh_id,
        checked_at=_checked_at(con, refresh_id),
        verdict=verdict,
        tone=tone,
        counted=_counted(results, found, refused),
        stopping=[_shown(result) for result in stopping],
        findings=[_shown(result) for result in found if not result.stops_refresh],
        inputs=_inputs(results),
        quarantine=quarantine,
        quarantine_total=f"{rows(refused)} of this delivery",
        waiting=_waiting(con, refresh_id),
        checks=_groups(results),
    )


def _verdict(
    results: Sequence[CheckResult],
    found: Sequence[CheckResult],
    stopping: Sequence[CheckResult],
) -> tuple[str, str]:
    """Say in one line how it went, and in which tone."""
    if stopping:
        return "Stopped: nothing of this delivery was taken", "stopped"
    if not results:
        return "Nothing new was delivered", "passed"
    if any(result.severity == ERROR for result in found):
        return "Sound, but for the rows in quarantine", "refused"
    if found:
        return "Sound, with remarks", "noted"
    return "Sound: nothing was found", "passed"


def _counted(results: Sequence[CheckResult], found: Sequence[CheckResult], refused: int) -> str:
    """Count checks, findings and rows in one sentence."""
    inputs = len({result.input for result in results})
    return (
        f"{rows(len(results), 'check')} on {rows(inputs, 'input')}: "
        f"{rows(len(found), 'finding')}, {rows(refused)} refused."
    )


def _shown(result: CheckResult) -> dict[str, Any]:
    """Prepare a result for the page."""
    if result.is_success:
        word, tone = "fine", "passed"
    elif result.severity == BLOCKING:
        word, tone = "stops the refresh", "stopped"
    elif result.severity == ERROR:
        word, tone = "rows refused", "refused"
    else:
        word, tone = "noted", "noted"
    title = TITLES.get(result.rule, result.rule)
    finding, _, remedy = result.message.partition("What to do: ")
    return {
        "input": result.input,
        "title": f"{result.column_name}: {title}" if result.column_name else title,
        "message": finding.strip(),
        "remedy": remedy,
        "word": word,
        "tone": tone,
        "short_id": result.check_id.removeprefix(f"{result.input}."),
        "expected": result.expected,
        "rows_checked": f"{result.rows_checked:,}",
        "rows_failed": f"{result.rows_failed:,}",
        "shown": (result.observed or "") if result.is_success else _seen(result),
    }


def _seen(result: CheckResult) -> str:
    return "; ".join(dict.fromkeys(part for part in (result.observed, result.examples) if part))


def _inputs(results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Count rows and checks by input; rows are known where the share of refused rows was taken."""
    shares = {r.input: r for r in results if r.rule == "max_quarantined_share"}
    lines = {r.input: r for r in results if r.rule == "line"}
    counted = []
    for name in sorted({result.input for result in results}):
        share, line = shares.get(name), lines.get(name)
        read = share or line
        if read is None and name not in {r.input for r in results if r.rule == "readable_file"}:
            continue  # only said to be missing
        own = [result for result in results if result.input == name]
        counted.append(
            {
                "input": name,
                "rows_read": f"{read.rows_checked:,}" if read else "not read",
                "rows_refused": f"{share.rows_failed:,}" if share else "",
                "share": percent(share.rows_failed / share.rows_checked) if share else "",
                "checks": f"{len(own):,}",
                "findings": f"{sum(not result.is_success for result in own):,}",
            }
        )
    return counted


def _groups(results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Group all results by input, findings first."""
    ordered = sorted(results, key=lambda result: (result.input, result.is_success))
    groups = []
    for name, members in groupby(ordered, key=lambda result: result.input):
        own = list(members)
        findings = sum(not result.is_success for result in own)
        groups.append(
            {
                "input": name,
                "findings": findings,
                "counted": f"{rows(len(own), 'check')}, {rows(findings, 'finding')}",
                "results": [_shown(result) for result in own],
            }
        )
    return groups


def _quarantine(con: duckdb.DuckDBPyConnection, refresh_id: str) -> list[dict[str, Any]]:
    """Count the refused rows by input and rule, with three examples of each."""
    found = con.execute(
        """select input, rule, count(*) over (partition by input, rule) as rows_refused,
            file, line, row_key, value
        from ops.quarantined_rows
        where refresh_id = ?
        qualify row_number() over (
            partition by input, rule order by file, line, row_key, value
        ) <= 3
        order by input, rows_refused desc, rule, file, line""",
        [refresh_id],
    ).fetchall()
    groups = []
    for (name, rule, count), members in groupby(found, key=lambda row: row[:3]):
        shown = [
            {
                "file": file or "?",
                "line": "?" if line is None else line,
                "key": key or "",
                "value": "(empty)" if value is None else _shortened(value),
            }
            for *_, file, line, key, value in members
        ]
        groups.append({"input": name, "rule": rule, "rows": f"{count:,}", "examples": shown})
    return groups


def _refused_rows(con: duckdb.DuckDBPyConnection, refresh_id: str) -> int:
    """Count refused rows, each once however many rules it broke."""
    query = """select count(*) from (
        select distinct input, file, line, row_key from ops.quarantined_rows where refresh_id = ?
    )"""
    return int(con.execute(query, [refresh_id]).fetchall()[0][0])


def _waiting(con: duckdb.DuckDBPyConnection, refresh_id: str) -> list[dict[str, str]]:
    """Count rows of earlier refreshes that no sound version has replaced yet."""
    found = con.execute(
        """select input, count(*) from (
            select distinct input, file, line, row_key from ops.quarantined_rows
            where refresh_id <> ? and healed_at is null
        ) group by input order by input""",
        [refresh_id],
    ).fetchall()
    return [{"input": name, "rows": f"{count:,}"} for name, count in found]


def _checked_at(con: duckdb.DuckDBPyConnection, refresh_id: str) -> str:
    query = "select max(checked_at) from ops.input_checks where refresh_id = ?"
    moment: datetime | None = con.execute(query, [refresh_id]).fetchall()[0][0]
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _shortened(value: str) -> str:
    limit = 120
    return value if len(value) <= limit else value[: limit - 1] + "…"
