"""The identities of definitions §4 are asserted in every build, and each assertion can fail."""

import duckdb
import pytest

REVENUE = "assert_revenue_retention_holds"
MOVEMENTS = "assert_mrr_movements_balance"
RATES = "assert_retention_rates_balance"
TABLES = (
    "revenue.revenue_retention", "revenue.mrr_movements", "retention.retention_rates",
    "core.subscription_periods", "intermediate.int_periods", "intermediate.int_history_bounds",
)  # fmt: skip
ONE = (
    "rowid = (select min(rowid) from revenue_retention where dimension = '{}' and is_complete "
    "and basis = '{}' and opening_revenue > 10 and least(churn_revenue, closing_revenue) > 10)"
)
VALUE = ONE.format("country", "orders")
ALL = ONE.format("all", "orders")
SHIFTS = [
    ("new", "reactivation"), ("reactivation", "new"), ("resume", "new"), ("expansion", "new"),
    ("fx", "new"),
]  # fmt: skip
# in the first month that has one: a close of the last month has no next open
CHURNED = (
    "rowid = (select rowid from mrr_movements where churn_mrr > 1 "
    "order by period_start, customer_id limit 1)"
)
FAULTS = {
    "GRR is not 1 - gross churn": (
        REVENUE, f"gross_retention_rate = gross_retention_rate * 0.99 where {ALL}",
    ),
    "NRR is not 1 - net churn": (
        REVENUE, f"net_retention_rate = net_retention_rate * 0.99 where {ALL}",
    ),
    "NRR with reactivation is not 1 - its churn": (
        REVENUE,
        "net_retention_with_reactivation_rate = net_retention_with_reactivation_rate + 0.01 "
        f"where {ALL}",
    ),
    "GRR is missing": (REVENUE, f"gross_retention_rate = null where {ALL}"),
    "churn is missing": (REVENUE, f"net_churn_rate = null where {ALL}"),
    "GRR is above 1": (
        REVENUE, f"gross_retention_rate = 1.2, gross_churn_rate = -0.2 where {ALL}",
    ),
    "GRR is below 0": (
        REVENUE, f"gross_retention_rate = -0.2, gross_churn_rate = 1.2 where {ALL}",
    ),
    "a line is missing": (REVENUE, f"new_revenue = new_revenue + 1 where {ALL}"),
    "what moves between values is more than nothing": (
        REVENUE,
        f"transfer_revenue = transfer_revenue + 1, new_revenue = new_revenue - 1 where {VALUE}",
    ),
    "values do not sum to the total in pause and contraction": (
        REVENUE,
        "pause_revenue = pause_revenue + 1, contraction_revenue = contraction_revenue + 1, "
        f"fx_revenue = fx_revenue + 2 where {VALUE}",
    ),
    "values do not sum to the total in involuntary churn": (
        REVENUE,
        "involuntary_churn_revenue = involuntary_churn_revenue + 0.01 where rowid = (select "
        "min(rowid) from revenue_retention where dimension = 'country' and basis = 'subscriptions' "
        "and involuntary_churn_revenue + 1 < churn_revenue)",
    ),
    **{
        f"values do not sum to the total in {one}": (
            REVENUE,
            f"{one}_revenue = {one}_revenue + 1, {other}_revenue = {other}_revenue - 1 "
            f"where rowid = (select min(rowid) from revenue_retention where dimension = 'country' "
            f"and {other}_revenue >= 1)",
        )
        for one, other in SHIFTS
    },
    "customer churn is above 1": (
        RATES,
        "churn_rate = 1.5, retention_rate = -0.5 where rowid = "
        "(select min(rowid) from retention_rates where churn_rate > 0)",
    ),
    "a close is not the next open": (
        MOVEMENTS,
        f"closing_mrr = closing_mrr + 1, churn_mrr = churn_mrr - 1 where {CHURNED}",
    ),
    "a movement leads nowhere": (
        MOVEMENTS, f"churn_mrr = churn_mrr + 1 where {CHURNED}",
    ),
    "a transfer is kept by somebody": (
        MOVEMENTS,
        f"currency_transfer_mrr = 1, churn_mrr = churn_mrr + 1 where {CHURNED}",
    ),
    "MRR of nobody's service": (
        MOVEMENTS,
        "closing_mrr_native = closing_mrr_native + 1, opening_mrr_native = opening_mrr_native + 1 "
        "where rowid = (select min(rowid) from mrr_movements where is_unchanged and customers > 0)",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def published(sample_warehouse):
    """Copies of the sample's models that may be changed, and the assertions as dbt ran them."""
    folder = sample_warehouse.warehouse / ".dbt" / "target" / "compiled"
    queries = {
        name: next(folder.rglob(f"{name}.sql")).read_text(encoding="utf-8")
        for name in (REVENUE, MOVEMENTS, RATES)
    }
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_warehouse.work_db}' as built (read_only)")
        con.execute("attach ':memory:' as work")
        for table in TABLES:
            con.execute(f"create schema if not exists work.{table.split('.')[0]}")
            con.execute(f"create table work.{table} as from built.{table}")
        con.execute("detach built")
        for query in queries.values():
            assert con.execute(query).fetchall() == []
        yield con, queries


@pytest.mark.parametrize("words", FAULTS)
def test_broken_identity_fails_the_build(words, published):
    """Prevents an identity that is asserted in words alone, with a query that lets all pass."""
    con, queries = published
    assertion, change = FAULTS[words]
    table = {REVENUE: TABLES[0], MOVEMENTS: TABLES[1], RATES: TABLES[2]}[assertion]
    change = change.replace("from revenue_retention", f"from work.{TABLES[0]}")
    change = change.replace("from mrr_movements", f"from work.{TABLES[1]}")
    change = change.replace("from retention_rates", f"from work.{TABLES[2]}")
    con.execute("begin")
    try:
        assert con.execute(f"update work.{table} set {change}").fetchall()[0][0] > 0
        assert con.execute(queries[assertion]).fetchall() != []
    finally:
        con.execute("rollback")
