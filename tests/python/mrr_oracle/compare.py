"""The published revenue models beside the oracle: every row, every column."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import duckdb

from tests.python.mrr_oracle.movements import (
    LINES,
    PARTS,
    event_rows,
    movement_rows,
    retention_rows,
)
from tests.python.mrr_oracle.oracle import Oracle

MODELS = ("subscription_periods", "mrr_events", "mrr_movements", "revenue_retention")
_SHOWN = 5
_RATE = 1e-9


def cents(*columns: str) -> str:
    """Decimal columns as whole cents."""
    return ", ".join(f"cast({column} * 100 as bigint)" for column in columns)


def micros(*columns: str) -> str:
    """Native columns as whole millionths."""
    return ", ".join(
        f"cast(cast({column} as decimal(30, 6)) * 1000000 as hugeint)" for column in columns
    )


def movements(con: duckdb.DuckDBPyConnection, schema: str = "revenue") -> dict[tuple, tuple]:
    """Rows of mrr_movements as `movement_rows` has them."""
    rates = (
        f"cast(cast({side}_exchange_rate as decimal(38, 10)) * 10000000000 as hugeint)"
        for side in ("opening", "closing")
    )
    rows = con.execute(
        f"""
        select
            period_start, customer_id, currency, is_unchanged,
            customers, movement, churn_type, {micros("opening_mrr_native", "closing_mrr_native")},
            {", ".join(rates)},
            {cents("opening_mrr", *(f"{line}_mrr" for line in LINES), "closing_mrr")},
            {cents(*(f"{part}_change_mrr" for part in PARTS))}
        from {schema}.mrr_movements
        """
    ).fetchall()
    told = {row[:3]: row[4:] for row in rows}
    assert len(told) == len(rows)
    assert all((row[1] is None) == row[3] for row in rows)
    return told


def expected_movements(oracle: Oracle) -> dict[tuple, tuple]:
    """Rows of the oracle, rates in whole numbers."""
    return {
        key: (*row[:5], *(None if r is None else int(r * 10**10) for r in row[5:7]), *row[7:])
        for key, row in movement_rows(oracle).items()
    }


def events(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    """Rows of mrr_events as `event_rows` has them."""
    return con.execute(
        f"""
        select
            customer_id, event_on, subscription_id, previous_subscription_id, item_id, currency,
            cause, sub_type, plan_before, plan_after,
            {micros("mrr_native_before", "mrr_native_after")}, {cents("mrr_before", "mrr_after")}
        from revenue.mrr_events
        """
    ).fetchall()


def stretches(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    """What subscription_periods counts as MRR."""
    return con.execute(
        f"""
        select
            subscription_id, item_id, kind, customer_id, starts_at, ends_at, service_state,
            end_reason, {micros("mrr_native")}, {cents("mrr")}
        from core.subscription_periods where is_paid
        """
    ).fetchall()


def expected_stretches(oracle: Oracle) -> set[tuple]:
    """The oracle's stretches that are paid for."""
    return {
        (
            s.row["subscription_id"], s.row["item_id"], s.row["kind"], s.row["person"], s.start,
            s.end, s.state, s.reason, s.row["mrr"],
            oracle.money(s.row["mrr"], oracle.rate(s.row["currency"], s.first_day)),
        )
        for s in oracle.stretches
        if s.is_served
    }  # fmt: skip


def retention(con: duckdb.DuckDBPyConnection) -> dict[tuple, tuple]:
    """Rows of revenue_retention as `retention_rows` has them."""
    lines = [f"{line}_revenue" for line in LINES if line not in ("fx", "currency_transfer")]
    money = [
        "opening_revenue",
        *lines,
        "involuntary_churn_revenue",
        "fx_revenue",
        "transfer_revenue",
        "closing_revenue",
    ]
    rows = con.execute(
        f"""
        select
            grain, period_start, opening_customers, lost_customers, closing_customers,
            {cents(*money)},
            gross_churn_rate, net_churn_rate, net_churn_with_reactivation_rate,
            gross_retention_rate, net_retention_rate, net_retention_with_reactivation_rate,
            quick_ratio, is_lossless, {cents("revenue_per_customer")}, involuntary_churn_share,
            is_complete, is_small
        from revenue.revenue_retention
        where basis = 'subscriptions' and dimension = 'all'
        """
    ).fetchall()
    told = {row[:2]: row[2:] for row in rows}
    assert len(told) == len(rows)
    return told


def first_month(con: duckdb.DuckDBPyConnection):
    """The month with which the history begins, orders included; never after the first service."""
    return con.execute(
        "select min(period_start) from revenue.revenue_retention where grain = 'month'"
    ).fetchone()[0]


def equal(one: Any, other: Any) -> bool:
    """Rows that agree; rates to a billionth."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _RATE
    return one == other


def differing(mart: dict | Iterable, told: dict | set) -> list[str]:
    """The rows in which a model and the oracle differ, the first few in words."""
    if not isinstance(mart, dict):
        # a row that stands twice is a difference too
        counted = Counter(mart)
        mart, told = counted, dict.fromkeys(told, 1)
    return [
        f"{key}\n  model  {mart.get(key, '-')}\n  oracle {told.get(key, '-')}"
        for key in sorted(mart.keys() | told.keys(), key=repr)
        if key not in mart or key not in told or not equal(mart[key], told[key])
    ]


def of(model: str, con: duckdb.DuckDBPyConnection, oracle: Oracle) -> list[str]:
    """Every difference of one model."""
    if model == "subscription_periods":
        return differing(stretches(con), expected_stretches(oracle))
    if model == "mrr_events":
        return differing(events(con), event_rows(oracle))
    if model == "mrr_movements":
        return differing(movements(con), expected_movements(oracle))
    return differing(retention(con), retention_rows(oracle, first_month(con)))


def faults(con: duckdb.DuckDBPyConnection, oracle: Oracle) -> dict[str, list[str]]:
    """Every difference, by model."""
    return {model: of(model, con, oracle) for model in MODELS}


def shown(told: dict[str, list[str]]) -> str:
    """Counts and the first few."""
    return "\n".join(
        f"{model}: {len(words)} rows differ\n" + "\n".join(words[:_SHOWN])
        for model, words in told.items()
        if words
    )
