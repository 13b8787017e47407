"""What the charts show, read from the published marts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import duckdb

from orchestration.report.charts import Chart

# columns whose texts are codes of the models: the page says them in the reader's language
CODED = frozenset(
    {
        "attribution", "basis", "category", "cause", "comparison", "compared_with", "component",
        "contact_channel", "dimension", "evidence", "grain", "leading_signal", "lifecycle_state",
        "measure", "metric", "model", "outcome", "reason_class", "reason_code", "result", "segment",
        "from_segment", "to_segment", "severity", "state", "status", "step", "survey", "score_band",
        "scenario", "tier", "trait", "window_kind", "value",
    }
)  # fmt: skip
_RATE = re.compile(r"(_rate|_share|_rate_low|_rate_high|share_of_\w+|_before|_after)$")
_RATES = frozenset(
    {
        "annual_churn_benchmark_low", "annual_churn_benchmark_high", "chance_of_return",
        "difference", "difference_low", "difference_high", "p_alive", "rate", "rates",
        "share_for_80_percent", "uplift", "uplift_low", "uplift_high", "backtest_error",
        "naive_error",
    }
)  # fmt: skip
_NUMBERS = frozenset({"same_rate", "goal", "actual", "to_date", "as_now"})


@dataclass(frozen=True)
class Column:
    """A column as the page shows it.

    Attributes:
        name: Its name in the query.
        kind: code, count, day, flag, instant, money, number, period, rate or text.
    """

    name: str
    kind: str


@dataclass(frozen=True)
class Table:
    """Rows of a chart, of all or of one data script."""

    columns: list[Column]
    rows: list[list[Any]]

    def as_json(self) -> dict[str, Any]:
        """Return it as the page reads it."""
        return {
            "columns": [{"name": each.name, "kind": each.kind} for each in self.columns],
            "rows": self.rows,
        }


def read(con: duckdb.DuckDBPyConnection, chart: Chart) -> Table:
    """Read the rows of a chart.

    Args:
        con: Open connection to marts.duckdb.
        chart: The chart.

    Returns:
        Its columns and rows, dates as ISO 8601 and money as numbers.
    """
    cursor = con.execute(chart.sql())
    columns = [Column(name, kind_of(name, str(kind))) for name, kind, *_ in cursor.description]
    return Table(columns, [[_plain(cell) for cell in row] for row in cursor.fetchall()])


def kind_of(name: str, data_type: str) -> str:
    """Say how a column is to be shown, by its name and DuckDB type."""
    if data_type == "BOOLEAN":
        return "flag"
    if data_type.startswith("TIMESTAMP"):
        return "instant"
    if data_type == "DATE":
        return "period" if name in ("period_start", "cohort_start", "compared_start") else "day"
    if data_type.startswith("VARCHAR"):
        return "code" if name in CODED else "text"
    if name in _NUMBERS:
        return "number"
    if data_type.startswith("DECIMAL"):
        return "money"
    if data_type.startswith("DOUBLE"):
        return "rate" if name in _RATES or _RATE.search(name) else "number"
    return "count"


def parts(chart: Chart, table: Table) -> Iterator[tuple[tuple[str, ...], Table]]:
    """Split rows over data scripts; the query has them in the order of `chart.files`.

    Args:
        chart: The chart.
        table: Its rows.

    Yields:
        The values of `chart.files`, and the rows with them.
    """
    names = [column.name for column in table.columns]
    places = [names.index(name) for name in chart.files]

    def key(row: list[Any]) -> tuple[str, ...]:
        return tuple(row[place] for place in places)

    kept = [place for place in range(len(names)) if place not in places]
    columns = [table.columns[place] for place in kept]
    for values, rows in groupby(table.rows, key):
        yield values, Table(columns, [[row[place] for place in kept] for row in rows])


def definitions(con: duckdb.DuckDBPyConnection, chart: Chart, columns: list[Column]) -> list[Any]:
    """Return what dbt says of the chart's marts, and of those of their columns it shows.

    Args:
        con: Open connection to marts.duckdb.
        chart: The chart.
        columns: Its columns.

    Returns:
        Per mart: its name, its description, and pairs of column and description.
    """
    shown = [column.name for column in columns]
    said = []
    for mart in chart.marts:
        schema, name = mart.split(".")
        comment = con.execute(
            "select comment from duckdb_tables() where schema_name = ? and table_name = ?",
            [schema, name],
        ).fetchone()
        rows = con.execute(
            "select column_name, comment from duckdb_columns() where schema_name = ? "
            "and table_name = ? and comment is not null order by column_index",
            [schema, name],
        ).fetchall()
        of_columns = [[column, text] for column, text in rows if column in shown]
        said.append([mart, (comment and comment[0]) or "", of_columns])
    return said


def _plain(cell: object) -> object:
    """Return a cell as JSON has it."""
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds") + "Z"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return float(f"{cell:.12g}")
    return cell
