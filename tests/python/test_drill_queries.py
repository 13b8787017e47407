"""The query behind a cell lists as many people, orders or gaps, or as much money, as it says.

The queries are written from the definitions on core tables, the marts by running sums over events:
two ways to one number.
"""

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.settings import PROJECT

CELLS_PER_QUERY = 9
SEED = "holdfast 3"

# Counts of marts without a period_start, and amounts, that a person can ask to see. Every count of
# a mart with one is asked of docs/public_columns.csv.
OTHERS = {
    "retention.cohort_retention": [
        "in_period", "bracket", "on_or_after", "repeat_by", "revenue", "revenue_denominator", "mrr",
        "mrr_denominator",
    ],
    "retention.lapse_curve": ["at_risk", "completed", "censored", "completed_gaps"],
    "retention.change_effect": [
        "opening_before", "lost_before", "opening_after", "lost_after",
        "untouched_opening_before", "untouched_lost_before", "untouched_opening_after",
        "untouched_lost_after",
    ],
    "retention.onboarding_effect": [
        "finished", "finished_retained", "not_finished", "not_finished_retained",
    ],
    "retention.first_experience": ["customers", "eligible", "repeat_buyers"],
    "retention.repeat_purchase": [
        "customers", "reached_next", "eligible", "eligible_reached_next", "gaps",
    ],
    "revenue.revenue_growth": ["revenue"],
    "revenue.revenue_concentration": ["window_revenue", "revenue"],
    "revenue.price_volume": ["revenue"],
    "revenue.discounts": ["discount_amount"],
    "win_back.campaign_outcomes": ["people", "returned", "control_people", "control_returned"],
    "voice_of_customer.contact_pressure": ["people", "lost"],
    "lifetime_value.cohort_lifetime_value": ["cohort_size", "revenue"],
    "lifetime_value.acquisition_payback": [
        "customers", "revenue_to_date", "subscription_revenue_to_date",
    ],
    "lifetime_value.formula_lifetime_value": [
        "customers", "opening_customers", "lost_customers",
    ],
    "segmentation.segment_profiles": ["customers", "lost_customers", "retained_customers"],
    "segmentation.product_classes": ["customers", "orders", "units"],
    "segmentation.product_affinity": ["product_orders", "other_orders", "both_orders"],
    "voice_of_customer.satisfaction_and_churn": ["answers", "people", "lost"],
}  # fmt: skip

NO_MESSAGES = "messages delivered stand in no core table one by one"
NO_RULES = "counted by other products' rules, which core does not hold"
NO_PEOPLE = "no people: it counts forecasts"
OF_LEDGER = "its rows are the people themselves, from revenue.mrr_events"
OF_MATCHES = "a comparison of strata of like people, not a list of its own"

# Counts of marts with a period_start that have no query, each with its reason.
NOT_OPENED = {
    "revenue.discounts": {
        "messages": NO_MESSAGES,
        "contacts": NO_MESSAGES,
        "measures_below_new": "no people: how many of three figures are below those of the new",
    },
    "revenue.forecast_backtest": {"known_errors": NO_PEOPLE},
    "revenue.revenue_forecast": {"backtests": NO_PEOPLE, "backtest_intervals": NO_PEOPLE},
    "revenue.lost_revenue": {
        "customers_with_cost": "stated acquisition costs stand in no core table",
    },
    "revenue.metric_policy_comparison": dict.fromkeys(
        (
            "opening_customers", "new_customers", "reactivated_customers", "resumed_customers",
            "paused_customers", "lost_customers", "closing_customers", "churn_denominator",
        ),
        NO_RULES,
    ),
    "revenue.mrr_movements": {"customers": OF_LEDGER},
    "revenue.parent_mrr_movements": {
        "opening_accounts": OF_LEDGER, "closing_accounts": OF_LEDGER,
    },
    "voice_of_customer.silent_customers": dict.fromkeys(
        ("estimated_dissatisfied", "estimated_silent"), "an estimate: nobody knows who they are"
    ),
    "voice_of_customer.loyalty_programme": dict.fromkeys(
        ("matched_members", "matched_members_retained", "matched_others"), OF_MATCHES
    ),
}  # fmt: skip


def promised_counts() -> set[tuple[str, str]]:
    """Counts of the marts with a period_start, as docs/public_columns.csv promises them."""
    with (PROJECT / "docs" / "public_columns.csv").open(encoding="utf-8", newline="") as file:
        columns = [
            (f"{schema}.{table}", name, kind) for schema, table, name, kind in csv.reader(file)
        ]
    tidy = {mart for mart, name, _ in columns if name == "period_start"}
    return {(mart, name) for mart, name, kind in columns if mart in tidy and kind == "bigint"}


@dataclass(frozen=True)
class Drill:
    """One row of quality.drill_queries."""

    mart: str
    measure: str
    parameters: list[str]
    adds_up_by: str
    query: str

    @property
    def column(self) -> str:
        """Column of the mart that holds the cell."""
        if self.mart != "retention.cohort_retention" or self.measure in {"cohort_size", "eligible"}:
            return self.measure
        return "denominator" if self.measure.endswith("_denominator") else "numerator"

    @property
    def condition(self) -> str:
        """Rows of the mart the query is for."""
        if self.mart != "retention.cohort_retention":
            return "true"
        if self.column in {"numerator", "denominator"}:
            return f"measure = '{self.measure.removesuffix('_denominator')}'"
        if self.measure == "eligible":
            return "measure in ('in_period', 'bracket')"
        return "true"


@pytest.fixture(scope="module")
def marts(sample_warehouse):
    """The published marts of the small sample, read-only."""
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        yield con


@pytest.fixture(scope="module")
def drills(marts) -> list[Drill]:
    """All rows of quality.drill_queries."""
    rows = marts.execute(
        "select mart, measure, parameters, adds_up_by, query "
        "from quality.drill_queries order by mart, measure"
    ).fetchall()
    return [
        Drill(mart, measure, [name.strip() for name in parameters.split(",")], adds_up_by, query)
        for mart, measure, parameters, adds_up_by, query in rows
    ]


def listed(con: duckdb.DuckDBPyConnection, drill: Drill, cell: dict[str, Any]) -> Decimal:
    """Run the query behind a cell and add up what it lists.

    Args:
        con: Open marts.
        drill: The query.
        cell: Values of its parameters.

    Returns:
        Number of rows, or sum of their amounts.
    """
    total = "count(*)" if drill.adds_up_by == "rows" else "coalesce(sum(amount), 0)"
    rows = con.execute(f"select {total} from ({drill.query})", cell).fetchall()
    return Decimal(rows[0][0])


def cells(con: duckdb.DuckDBPyConnection, drill: Drill) -> list[tuple[dict[str, Any], Decimal]]:
    """Draw cells at random, the same ones each time, of every grain.

    Half of them hold something where any do.

    Args:
        con: Open marts.
        drill: The query whose cells are asked for.

    Returns:
        Parameters and number of each cell.
    """
    names = ", ".join(drill.parameters)
    grain = "grain" if "grain" in drill.parameters else "1"
    draw = f"md5(concat_ws('|', '{SEED}', '{drill.measure}', {names}))"
    draws = []
    for condition, number in (("<> 0", CELLS_PER_QUERY // 2), ("is not null", CELLS_PER_QUERY)):
        rows = con.execute(
            f"""
            select {drill.column}, {names}
            from (select distinct {drill.column}, {names} from {drill.mart} where {drill.condition})
            where {drill.column} {condition}
            order by row_number() over (partition by {grain} order by {draw}), {grain}
            limit {number}
            """
        ).fetchall()
        draws.extend(
            (dict(zip(drill.parameters, row[1:], strict=True)), Decimal(row[0])) for row in rows
        )
    return draws[:CELLS_PER_QUERY]


def test_every_count_of_the_tidy_marts_can_be_opened(drills):
    """A count nobody can open is a count nobody believes."""
    counts = promised_counts()
    excused = {(mart, name) for mart, reasons in NOT_OPENED.items() for name in reasons}
    others = {(mart, measure) for mart, measures in OTHERS.items() for measure in measures}
    assert len(counts) > 120
    assert excused <= counts, "a reason for a count that is no more"
    assert others.isdisjoint(counts), "asked of docs/public_columns.csv anyway"
    assert {(drill.mart, drill.measure) for drill in drills} == (counts - excused) | others


def test_queries_read_core_tables_only(drills):
    """A query over intermediate tables would fail for every reader of the published marts."""
    for drill in drills:
        tables = re.findall(r"\b(?:from|join)\s+([a-z_]+\.[a-z_]+)", drill.query)
        assert tables
        # what people were in at a past day stands in their published spells, not in core
        others = set(tables) - {"segmentation.customer_segment_history"}
        assert {table.split(".")[0] for table in others} <= {"core"}, drill.measure
        assert set(re.findall(r"\$([a-z_]+)", drill.query)) == set(drill.parameters), drill.measure


def test_200_random_cells_hold_what_their_queries_list(marts, drills):
    """A mart that counts somebody twice, or in the wrong period, or under a wrong value fails."""
    wrong, checked, filled, seen = [], 0, 0, set()
    for drill in drills:
        for cell, number in cells(marts, drill):
            found = listed(marts, drill, cell)
            checked += 1
            filled += number != 0
            seen.add((drill.mart, cell.get("basis"), cell.get("grain"), cell.get("window_kind")))
            if found != number:
                wrong.append(f"{drill.mart}.{drill.measure} {cell}: {number}, listed {found}")
    assert not wrong, "\n".join(wrong)
    assert checked >= 200
    assert filled >= 100
    assert {basis for _, basis, *_ in seen} >= {"orders", "subscriptions", "any"}
    assert {grain for _, _, grain, _ in seen} >= {"week", "month", "quarter", "year"}
    assert {kind for *_, kind in seen} >= {"calendar", "elapsed_30d"}


def test_a_cell_that_is_off_by_one_is_seen(marts, drills):
    """The comparison must not pass whatever the query lists."""
    drill = next(one for one in drills if one.measure == "closing")
    cell, number = cells(marts, drill)[0]
    assert number > 0
    assert listed(marts, drill, cell) == number
    assert listed(marts, drill, cell | {"value": "nobody has this value"}) == 0
