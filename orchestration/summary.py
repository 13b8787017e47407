"""The last words of a refresh: what came in, what was refused, what the marts say."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from orchestration.workspace import Workspace

_MOST_REFUSED = 5
_LABEL_WIDTH = 12


def print_summary(workspace: Workspace, manifest: Mapping[str, Any], currency: str) -> None:
    """Print the summary of the published refresh.

    Args:
        workspace: Where the marts are.
        manifest: manifest.json of the publication.
        currency: Reporting currency.
    """
    with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
        lines = [
            *_labelled("Loaded", _loaded(con, manifest["refresh_id"])),
            *_labelled("Refused", _refused(con, manifest["refresh_id"])),
            *_labelled("Counted", [_cutoff_line(manifest)]),
            *headlines(con, currency),
            *_labelled("Marts", _places(workspace, manifest)),
        ]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()


def headlines(con: duckdb.DuckDBPyConnection, currency: str) -> list[str]:
    """Say the numbers a business asks for first, as far as there are any.

    Args:
        con: Open connection to the published marts.
        currency: Reporting currency.

    Returns:
        Lines of text.
    """
    return [
        *_labelled("Customers", _customers(con)),
        *_labelled("Last month", _last_month(con)),
        *_labelled("Revenue", _revenue(con, currency)),
        *_labelled("MRR", _mrr(con, currency)),
    ]


def nothing_new(workspace: Workspace, manifest: Mapping[str, Any], currency: str) -> None:
    """Say that nothing had to run, and what stands.

    Args:
        workspace: Where the marts are.
        manifest: manifest.json of the publication.
        currency: Reporting currency.
    """
    published = str(manifest["published_at"]).replace("T", " ").removesuffix("Z")
    with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
        lines = [
            f"Nothing new: files, settings and code are those of the marts published {published} "
            "UTC. Nothing ran.",
            "",
            *_labelled("Counted", [_cutoff_line(manifest)]),
            *headlines(con, currency),
            *_labelled("Marts", _places(workspace, manifest)),
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _labelled(label: str, lines: list[str]) -> Iterator[str]:
    """Put a label before the first of some lines."""
    for number, line in enumerate(lines):
        yield f"{label if number == 0 else '':<{_LABEL_WIDTH}}{line}"


def _loaded(con: duckdb.DuckDBPyConnection, refresh_id: str) -> list[str]:
    """Say what this refresh read, by input."""
    rows = con.execute(
        "select input, count(*), sum(rows_loaded) from quality.input_loads "
        "where refresh_id = ? group by input order by sum(rows_loaded) desc, input",
        [refresh_id],
    ).fetchall()
    if not rows:
        return ["no new files"]
    parts = [f"{name} {int(loaded):,}" for name, _, loaded in rows]
    files = sum(row[1] for row in rows)
    total = sum(int(row[2]) for row in rows)
    lines = [
        f"{total:,} {'row' if total == 1 else 'rows'} of "
        f"{files:,} {'file' if files == 1 else 'files'}"
    ]
    lines += [", ".join(parts[start : start + 5]) for start in range(0, len(parts), 5)]
    return lines


def _refused(con: duckdb.DuckDBPyConnection, refresh_id: str) -> list[str]:
    """Say what this refresh refused, the most frequent first."""
    rows = con.execute(
        "select input, rule, count(*) from quality.quarantined_rows where refresh_id = ? "
        "group by input, rule order by count(*) desc, input, rule",
        [refresh_id],
    ).fetchall()
    if not rows:
        return ["nothing"]
    # a row that breaks two rules is one refused row
    (refused,) = con.execute(
        "select count(distinct (input, file, line)) from quality.quarantined_rows "
        "where refresh_id = ?",
        [refresh_id],
    ).fetchall()[0]
    lines = [f"{refused:,} rows (quality.quarantined_rows has each with file, line and value)"]
    lines += [f"{count:>7,}  {name}: {rule}" for name, rule, count in rows[:_MOST_REFUSED]]
    if len(rows) > _MOST_REFUSED:
        rest = sum(row[2] for row in rows[_MOST_REFUSED:])
        lines.append(f"{rest:>7,}  by {len(rows) - _MOST_REFUSED} other rules")
    return lines


def _cutoff_line(manifest: Mapping[str, Any]) -> str:
    """Say up to which day."""
    day = manifest.get("cutoff_day")
    if day is None:
        return "nothing: there is neither an order nor a paid service yet"
    return f"up to and including {day}"


def _customers(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Count people by what they are at the cutoff."""
    states = dict(
        con.execute(
            "select lifecycle_state, count(*) from core.customers group by lifecycle_state"
        ).fetchall()
    )
    lost, prospects = states.pop("lost", 0), states.pop("prospect", 0)
    active = sum(states.values())
    at_risk = states.get("at_risk", 0)
    text = f"{active:,} active"
    if at_risk:
        text += f" (of them {at_risk:,} at risk)"
    text += f", {lost:,} lost"
    if prospects:
        text += f", {prospects:,} who never bought"
    return [text]


def _last_month(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Say churn and retention of the last complete month."""
    rows = con.execute(
        "select period_start, opening, new, returned, lost, closing, churn_rate, retention_rate "
        "from retention.retention_rates where grain = 'month' and basis = 'any' "
        "and dimension = 'all' and is_complete order by period_start desc limit 1"
    ).fetchall()
    if not rows:
        return ["no month is complete yet"]
    start, opening, new, returned, lost, closing, churn_rate, retention_rate = rows[0]
    lines = [
        f"{start:%B %Y}: {opening:,} at open, {new:,} new, {returned:,} returned, {lost:,} lost, "
        f"{closing:,} at close"
    ]
    if churn_rate is not None:
        lines.append(f"churn {churn_rate:.1%}, retention {retention_rate:.1%}")
    return lines


def _revenue(con: duckdb.DuckDBPyConnection, currency: str) -> list[str]:
    """Say the net revenue of the last complete month and of all history."""
    rows = con.execute(
        "select period_start, sum(revenue) from revenue.revenue_growth "
        "where refund_basis = 'order_basis' and grain = 'month' and is_complete "
        "group by period_start order by period_start desc limit 1"
    ).fetchall()
    (total, orders) = con.execute(
        "select coalesce(sum(net_revenue), 0), count(*) filter (where is_valid) from core.orders"
    ).fetchall()[0]
    lines = [f"{total:,.2f} {currency} net of {orders:,} valid orders since the first"]
    if rows:
        start, revenue = rows[0]
        lines.insert(0, f"{revenue:,.2f} {currency} net in {start:%B %Y}")
    return lines


def _mrr(con: duckdb.DuckDBPyConnection, currency: str) -> list[str]:
    """Say monthly recurring revenue at the cutoff, and what the last complete month kept of it."""
    months = con.execute(
        "select period_start, is_complete, closing_customers, closing_revenue, "
        "gross_retention_rate, net_retention_rate from revenue.revenue_retention "
        "where grain = 'month' and basis = 'subscriptions' and dimension = 'all' "
        "order by period_start desc limit 2"
    ).fetchall()
    if not months:
        return []
    _, _, subscribers, mrr, _, _ = months[0]
    lines = [f"{mrr:,.2f} {currency} from {subscribers:,} subscribers"]
    for start, is_complete, _, _, gross, net in months:
        if is_complete and gross is not None:
            lines.append(f"GRR {gross:.1%}, NRR {net:.1%} in {start:%B %Y}")
            break
    return lines


def _places(workspace: Workspace, manifest: Mapping[str, Any]) -> list[str]:
    """Say where things are."""
    tables = manifest["tables"]
    rows = sum(table["rows"] for table in tables)
    lines = [
        f"{workspace.marts_db}  ({len(tables)} tables, {rows:,} rows)",
        f"{workspace.parquet_dir}/<schema>/<table>.parquet",
    ]
    if workspace.report_page.exists():
        lines.append(f"{workspace.report_page}  (the report; open in a browser)")
    if workspace.checks_page.exists():
        lines.append(f"{workspace.checks_page}  (what was checked and refused; open in a browser)")
    return lines
