"""What must hold in any published warehouse, counted a second time by the oracle."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest
from oracle import GRAINS, Cell, period_start

CELL_COLUMNS = (
    "opening, new, returned, lost, moved_in, moved_out, transient, intra_period_lapse, closing"
)
MAX_AGES = {"week": 104, "month": 60, "quarter": 20, "year": 10}


def differences(expected, found, default):
    """The first keys on which two maps differ, absent counting as a default."""
    keys = sorted(expected.keys() | found.keys(), key=str)
    wrong = [
        (key, expected.get(key, default), found.get(key, default))
        for key in keys
        if expected.get(key, default) != found.get(key, default)
    ]
    return (
        [f"{len(wrong)} of {len(keys)} differ (key, expected, found)", *wrong[:5]] if wrong else []
    )


# --- orders and money -----------------------------------------------------------------------------


def test_cutoff(warehouse):
    """§1: a wrong last day moves every balance."""
    days = warehouse.rows("select distinct cutoff_day from quality.refreshes")
    assert days == [(warehouse.oracle.cutoff_day,)]


def test_every_order_is_judged_and_valued_as_the_oracle_does(warehouse):
    """§1: person, day, status, validity, occasion and net revenue of every single order."""
    found = {
        row[0]: row[1:]
        for row in warehouse.rows(
            "select order_id, customer_id, ordered_on, status, invalid_reason, is_purchase, "
            "first_category, net_revenue_before_refunds, net_revenue from core.orders"
        )
    }
    expected = {
        order.order_id: (
            order.person,
            order.day,
            order.status,
            order.invalid_reason,
            order.is_purchase,
            order.first_category,
            order.net,
            order.net_revenue,
        )
        for order in warehouse.oracle.orders
    }
    assert len(expected) > 200
    assert differences(expected, found, None) == []


def test_one_row_per_person_and_their_totals_are_their_orders(warehouse):
    """A person twice, or missing, or with others' money, would be wrong in every list."""
    oracle = warehouse.oracle
    rows = warehouse.rows("select customer_id, valid_orders, net_revenue from core.customers")
    assert {row[0] for row in rows} == oracle.persons
    assert len(rows) == len(oracle.persons)
    expected = {
        person: (len(orders), sum((order.net_revenue for order in orders), Decimal(0)))
        for person, orders in oracle.valid_orders_of.items()
    }
    assert differences(expected, {row[0]: row[1:] for row in rows}, (0, Decimal(0))) == []


@pytest.mark.parametrize("refund_basis", ["order_basis", "refund_basis"])
def test_growth_components(warehouse, refund_basis):
    """§4: people, orders and money of each component and month."""
    found = {
        row[:2]: row[2:]
        for row in warehouse.rows(
            "select period_start, component, customers, orders, revenue "
            f"from revenue.revenue_growth where refund_basis = '{refund_basis}'"
        )
    }
    expected = warehouse.oracle.growth(refund_basis)
    assert differences(expected, found, (0, 0, Decimal(0))) == []


def test_components_sum_to_revenue_to_the_cent(warehouse):
    """§4: and both refund bases reconcile to one total, orphan refunds apart."""
    totals = dict(
        warehouse.rows(
            "select refund_basis, sum(revenue) from revenue.revenue_growth group by refund_basis"
        )
    )
    orders, refunds, orphans = warehouse.rows(
        "select (select sum(net_revenue) from core.orders where is_valid), "
        "(select coalesce(sum(net_refund), 0) from core.refunds "
        "where is_counted and not is_orphan), "
        "(select coalesce(sum(net_refund), 0) from core.refunds where is_orphan)"
    )[0]
    assert totals["order_basis"] == orders
    assert totals["order_basis"] - totals["refund_basis"] == orphans
    before = warehouse.rows("select sum(net_revenue_before_refunds) from core.orders")[0][0]
    assert before - refunds == orders
    by_month = warehouse.rows(
        "select date_trunc('month', ordered_on)::date, sum(net_revenue) from core.orders "
        "where is_valid group by 1"
    )
    found = warehouse.rows(
        "select period_start, sum(revenue) from revenue.revenue_growth "
        "where refund_basis = 'order_basis' group by 1"
    )
    assert differences(dict(by_month), dict(found), Decimal(0)) == []


# --- lifecycle ------------------------------------------------------------------------------------


def test_lapse_points(warehouse):
    """§2: the day by which most who return have returned, month by month."""
    found = dict(
        warehouse.work_rows(
            "select applies_from, lapse_point_days from intermediate.int_lapse_points"
        )
    )
    assert differences(warehouse.oracle.lapse_points, found, None) == []


def test_losses_of_every_person(warehouse):
    """§2: each lost spell of each person, to the day."""
    found = defaultdict(list)
    for person, start, end in warehouse.rows(
        "select customer_id, valid_from, valid_to from core.customer_lifecycle "
        "where basis = 'orders' and state = 'lost' order by customer_id, valid_from"
    ):
        found[person].append((start, end))
    assert differences(warehouse.oracle.lost_spells, found, []) == []


def test_lifecycle_has_no_gap_and_no_overlap(warehouse):
    """§2: a person is in exactly one state on every day from the first to the cutoff."""
    broken = warehouse.rows(
        "with chain as (select *, lead(valid_from) over (partition by customer_id, basis "
        "order by valid_from, valid_to nulls last) as next_from, lead(state) over ("
        "partition by customer_id, basis order by valid_from, valid_to nulls last) as next_state "
        "from core.customer_lifecycle) select * from chain "
        "where valid_to is distinct from next_from "
        "or state = next_state or valid_to < valid_from limit 5"
    )
    assert broken == []


# --- retention ------------------------------------------------------------------------------------


def test_closing_identity_for_every_dimension_and_value(warehouse):
    """§3: closing = opening + new + returned - lost + moves; the next opening is this closing."""
    cells = warehouse.rows(
        "select grain, basis, dimension, value, period_start, opening, closing, "
        "opening + new + returned - lost + moved_in - moved_out, moved_in + moved_out "
        "from retention.retention_rates order by 1, 2, 3, 4, 5"
    )
    broken = []
    previous = None
    for cell in cells:
        *key, start, opening, closing, reckoned, moves = cell
        if closing != reckoned or (key[2] == "all" and moves):
            broken.append(cell)
        if previous is not None and previous[0] == key and previous[1] != opening:
            broken.append(cell)
        # a value begins with its first person: nobody was there before
        if (previous is None or previous[0] != key) and opening:
            broken.append(cell)
        previous = (key, closing)
        assert start is not None
    assert len(cells) > 50
    assert broken[:5] == []


def test_values_of_a_dimension_sum_to_all(warehouse):
    """§3: nobody in two values, nobody in none."""
    sums = defaultdict(dict)
    for grain, basis, start, dimension, *counts in warehouse.rows(
        "select grain, basis, period_start, dimension, sum(opening), sum(new), sum(returned), "
        "sum(lost), sum(transient), sum(intra_period_lapse), sum(closing), "
        "sum(moved_in) - sum(moved_out) from retention.retention_rates group by all"
    ):
        sums[grain, basis, start][dimension] = counts
    broken = [
        (key, dimension, counts, dimensions["all"])
        for key, dimensions in sums.items()
        for dimension, counts in dimensions.items()
        if counts != dimensions["all"]
    ]
    assert broken[:5] == []


def retention_cells(warehouse, basis, grain, dimension):
    """The published cells in the oracle's words."""
    return {
        (start, value): Cell(*counts)
        for start, value, *counts in warehouse.rows(
            f"select period_start, value, {CELL_COLUMNS} from retention.retention_rates where "
            f"basis = '{basis}' and grain = '{grain}' and dimension = '{dimension}'"
        )
    }


def first_day_of(warehouse):
    """The first day of the history: of a valid order or a paid service."""
    return warehouse.rows(
        "select least((select min(ordered_on) from core.orders where is_valid), "
        "(select min(starts_on) from core.subscription_periods where is_paid))"
    )[0][0]


@pytest.mark.parametrize("grain", GRAINS)
def test_opening_and_closing_straight_from_the_orders(warehouse, grain):
    """§3: S, E and what lies between, for all, by asking each person's state on each day."""
    expected = warehouse.oracle.retention(grain)
    found = retention_cells(warehouse, "orders", grain, "all")
    assert differences(expected, found, Cell()) == []


@pytest.mark.parametrize("dimension", ["country", "sales_channel"])
@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_opening_and_closing_by_value(warehouse, grain, dimension):
    """§3: with the value at open for who was there, at close for who came; moves between values.

    Somebody who came and went has several values to choose from: transient is compared for all.
    """
    expected = warehouse.oracle.retention(grain, dimension)
    found = retention_cells(warehouse, "orders", grain, dimension)
    assert (
        differences(
            {key: replace(cell, transient=0) for key, cell in expected.items()},
            {key: replace(cell, transient=0) for key, cell in found.items()},
            Cell(),
        )
        == []
    )


@pytest.mark.parametrize("basis", ["subscriptions", "any"])
@pytest.mark.parametrize("grain", ["week", "month"])
def test_opening_and_closing_of_subscribers(sample, grain, basis):
    """§2, §3: from the priced stretches, a pause kept for its grace; any: there in either basis."""
    stretches = [
        dict(zip(("customer_id", "is_paid", "is_paused", "starts_on", "ends_on"), row, strict=True))
        for row in sample.rows(
            "select customer_id, is_paid, service_state = 'paused', starts_on, ends_on "
            "from core.subscription_periods where is_paid or service_state = 'paused'"
        )
    ]
    oracle = sample.oracle
    people = (
        oracle.subscribers(stretches) if basis == "subscriptions" else oracle.anybody(stretches)
    )
    expected = oracle.retention(grain, "all", people, first_day_of(sample))
    assert sum(cell.closing for cell in expected.values()) > 0
    assert differences(expected, retention_cells(sample, basis, grain, "all"), Cell()) == []


def test_rates_are_shares_of_opening(warehouse):
    """§1, §3: null where the period is incomplete or nobody was there, else lost ÷ opening."""
    broken = warehouse.rows(
        "select * from retention.retention_rates where churn_rate is distinct from case "
        "when is_complete and opening > 0 then lost::double / opening end "
        "or (churn_rate is null) <> (retention_rate is null) "
        "or abs(1 - churn_rate - retention_rate) > 1e-12 limit 3"
    )
    assert broken == []


# --- cohorts --------------------------------------------------------------------------------------


def test_cohort_sizes_sum_to_customers(warehouse):
    """§3: everybody who ever bought is in exactly one cohort, of every grain and dimension."""
    buyers = len(warehouse.oracle.occasions)
    sizes = warehouse.rows(
        "select grain, dimension, sum(cohort_size) from retention.cohort_retention "
        "where basis = 'orders' and measure = 'in_period' and window_kind = 'calendar' and age = 0 "
        "group by all"
    )
    assert len(sizes) > 10
    assert {size for _, _, size in sizes} == {buyers}
    anybody = warehouse.rows(
        "select count(distinct customer_id) from core.customer_lifecycle where basis = 'any'"
    )[0][0]
    sizes = warehouse.rows(
        "select distinct size from (select grain, dimension, sum(cohort_size) as size "
        "from retention.cohort_retention where basis = 'any' and measure = 'in_period' "
        "and window_kind = 'calendar' and age = 0 group by all)"
    )
    assert sizes == [(anybody,)]


@pytest.mark.parametrize("grain", GRAINS)
def test_cohort_cells(warehouse, grain):
    """§3: bought in, bought in or after, second purchase by, revenue in: member by member."""
    found = {
        row[:3]: row[3]
        for row in warehouse.rows(
            "select cohort_start, age, measure, numerator from retention.cohort_retention "
            f"where basis = 'orders' and grain = '{grain}' and dimension = 'all' "
            "and window_kind = 'calendar' "
            "and measure in ('in_period', 'on_or_after', 'repeat_by', 'revenue')"
        )
    }
    expected = warehouse.oracle.cohort_cells(grain, MAX_AGES[grain])
    assert differences(expected, found, 0) == []
    # every cohort of the calendar and every age up to the running period has its row
    last = period_start(grain, warehouse.oracle.cutoff_day)
    cohorts = {cohort for cohort, _, _ in found}
    assert {(last, 0, "in_period")} <= found.keys()
    assert all((cohort, 0, "in_period") in found for cohort in cohorts)
    assert set(expected) <= set(found)


def test_elapsed_windows(warehouse):
    """§3: 30-day windows from each person's first day, of people seen for the whole window."""
    found = {
        row[:3]: row[3:]
        for row in warehouse.rows(
            "select cohort_start, age, measure, eligible, numerator "
            "from retention.cohort_retention "
            "where basis = 'orders' and grain = 'month' and dimension = 'all' "
            "and window_kind = 'elapsed_30d' "
            "and measure in ('in_period', 'on_or_after', 'repeat_by')"
        )
    }
    expected = warehouse.oracle.elapsed_cells("month", MAX_AGES["month"] + 1)
    assert differences(expected, found, (0, 0)) == []


def test_rates_of_cohorts(warehouse):
    """§1, §3: numerator over denominator where somebody is eligible, else null."""
    broken = warehouse.rows(
        "select * from retention.cohort_retention where numerator is null or denominator is null "
        "or (eligible = 0 and rate is not null) or (eligible > 0 and denominator <> 0 and "
        "abs(rate - numerator::double / denominator::double) > 1e-9) "
        "or (measure in ('in_period', 'on_or_after', 'repeat_by') and numerator > cohort_size) "
        "limit 3"
    )
    assert broken == []
