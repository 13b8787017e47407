"""Figures of the real files, straight from their raw lines, against the published marts."""

from collections import defaultdict
from datetime import UTC, date
from decimal import Decimal

import numpy as np
import pytest
import retail_reference
from efficient_apriori import apriori

from orchestration.lifetime_value.purchases import alive_probability, expected_if_alive
from orchestration.lifetime_value.spend import expected_spend


@pytest.fixture(params=["synthetic_retail", "real_retail"])
def retail(request):
    """A published shop and the second reading of its raw lines."""
    warehouse = request.getfixturevalue(request.param)
    return warehouse, retail_reference.work_out(warehouse.source)


def test_orders_and_their_worth(retail):
    """Every invoice as an order, its refunds taken off: read from the raw lines alone."""
    warehouse, reference = retail
    found = {
        row[0]: row[1:]
        for row in warehouse.rows(
            "select order_id, customer_id, ordered_at, is_valid, net_revenue, gift_card_amount "
            "from core.orders"
        )
    }
    expected = {
        order.invoice: (
            order.customer or None,
            # London is on UTC in winter and an hour ahead in summer
            order.moment.replace(tzinfo=warehouse.oracle.zone).astimezone(UTC).replace(tzinfo=None),
            order.is_valid,
            order.net_revenue,
            retail_reference.cents(order.vouchers),
        )
        for order in reference.orders.values()
    }
    wrong = [
        (key, expected[key], found.get(key)) for key in expected if expected[key] != found.get(key)
    ]
    assert wrong[:5] == []
    assert found.keys() == expected.keys()


def test_customers_and_revenue_by_month(retail):
    """Customers, orders and revenue per month on both refund bases."""
    warehouse, reference = retail
    gross = defaultdict(Decimal)
    people = defaultdict(set)
    for order in reference.valid_orders:
        month = order.moment.date().replace(day=1)
        gross[month] += order.net_revenue
        people[month] |= {order.customer} - {""}
    found = {
        row[0]: row[1:]
        for row in warehouse.rows(
            "select period_start, sum(revenue), sum(customers) from revenue.revenue_growth "
            "where refund_basis = 'order_basis' group by period_start"
        )
    }
    assert {month: (gross[month], len(people[month])) for month in gross} == {
        month: values for month, values in found.items() if values != (0, 0)
    }


def test_pairs_are_those_of_a_known_library(retail):
    """Support, confidence and lift of every pair are what efficient-apriori finds in the baskets.

    Every pair at or above the least support is there, in both directions, and no other.
    """
    warehouse, reference = retail
    goods = {
        row[0]
        for row in warehouse.rows(
            "select product_id from core.products where kind in ('good', 'service')"
        )
    }
    baskets = [
        tuple(order.codes & goods) for order in reference.valid_orders if order.codes & goods
    ]
    _, rules = apriori(baskets, min_support=0.005, min_confidence=0, max_length=2)
    expected = {
        (*rule.lhs, *rule.rhs): (rule.count_full, rule.support, rule.confidence, rule.lift)
        for rule in rules
    }
    found = {
        (row[0], row[1]): row[2:]
        for row in warehouse.rows(
            "select product_id, other_product_id, both_orders, support, confidence, lift "
            "from segmentation.product_affinity"
        )
    }
    assert found.keys() == expected.keys()
    assert len(found) > 50
    wrong = [pair for pair in found if found[pair] != pytest.approx(expected[pair], rel=1e-12)]
    assert wrong == []


def test_every_credit_comes_back_in_full(retail):
    """Refunds sum to the credits of the file, orphans included; nothing is clipped or lost."""
    warehouse, reference = retail
    expected = sum(
        (retail_reference.cents(amount) for amount in reference.refunds.values()), Decimal(0)
    )
    assert warehouse.rows("select sum(amount), count(*) from core.refunds") == [
        (expected, len(reference.refunds))
    ]
    orphans = {
        (invoice, order_id)
        for invoice, order_id in reference.refunds
        if order_id not in reference.orders
    }
    assert warehouse.rows("select count(*) from core.refunds where is_orphan") == [(len(orphans),)]


def test_nothing_of_the_conversion_is_refused(retail):
    """A refused row would be a hole in the books of a file that is known line by line."""
    warehouse, _ = retail
    assert warehouse.rows("select * from quality.quarantined_rows") == []
    assert warehouse.rows(
        "select sum(rows_read) - sum(rows_loaded), count(*) from quality.input_loads"
    ) == [(0, 5)]


def test_known_figures_of_online_retail(real_retail):
    """885 people first bought in December 2010, 324 of them again in January 2011.

    The published picture of the data set: lines with a customer, quantity and price above 0, no C.
    """
    cohort = real_retail.rows(
        "select cohort_size, numerator from retention.cohort_retention where basis = 'orders' "
        "and grain = 'month' and dimension = 'all' and measure = 'in_period' "
        "and window_kind = 'calendar' and cohort_start = '2010-12-01' and age in (0, 1) "
        "order by age"
    )
    assert cohort == [(885, 885), (885, 324)]
    counts = real_retail.rows(
        "select count(*), count(*) filter (where first_order_at is not null) from core.customers"
    )
    assert counts == [(4372, 4338)]
    orders = real_retail.rows(
        "select count(*) filter (where customer_id is not null), count(*) from core.orders "
        "where is_valid"
    )
    # 1 order of the 18,532 is worth less than half a penny
    plain = [
        line
        for line in retail_reference.read_lines(real_retail.source)
        if line.customer and line.quantity > 0 and line.price > 0 and line.invoice[0] != "C"
    ]
    worthless = {
        order.invoice
        for order in retail_reference.work_out(real_retail.source).orders.values()
        if order.customer and order.gross > 0 and not order.is_valid
    }
    assert orders[0][0] == len({line.invoice for line in plain}) - len(worthless)
    assert len({line.invoice for line in plain}) == 18532


def test_gross_by_month_of_online_retail(real_retail):
    """Paid by known people per month, straight from the lines with a customer."""
    expected = defaultdict(Decimal)
    for line in retail_reference.read_lines(real_retail.source):
        if line.customer and line.quantity > 0 and line.price > 0 and line.invoice[0] != "C":
            expected[line.moment.date().replace(day=1)] += line.amount
    found = dict(
        real_retail.rows(
            "select date_trunc('month', ordered_on)::date, sum(gross_amount) from core.orders "
            "where is_valid and customer_id is not null group by 1"
        )
    )
    assert expected.keys() == found.keys()
    # orders are rounded to pennies one by one; 4 lines of the file have tenths
    assert all(abs(expected[month] - found[month]) < Decimal("0.05") for month in expected)
    assert abs(sum(expected.values()) - Decimal("8911407.904")) < Decimal("0.001")


def test_known_figures_of_cdnow(real_cdnow):
    """2,357 people who first bought in the first quarter of 1997; orders of amount 0 count."""
    assert real_cdnow.rows(
        "select count(*), sum(valid_orders), sum(net_revenue) from core.customers"
    ) == [(2357, 6919, real_cdnow.rows("select sum(gross_amount) from core.orders")[0][0])]
    sizes = dict(
        real_cdnow.rows(
            "select cohort_start, cohort_size from retention.cohort_retention "
            "where grain = 'quarter' "
            "and basis = 'orders' and dimension = 'all' and measure = 'in_period' and age = 0 "
            "and window_kind = 'calendar' and cohort_size > 0"
        )
    )
    assert sizes == {date(1997, 1, 1): 2357}
    assert real_cdnow.rows(
        "select count(*) from core.orders where is_valid and gross_amount = 0"
    ) == [(8,)]
    assert real_cdnow.rows("select max(cutoff_day) from quality.refreshes") == [
        (date(1998, 6, 30),)
    ]


def test_cdnow_is_fitted_as_the_papers_fitted_it(real_cdnow):
    """Through the whole refresh: the first 39 weeks give the published parameters.

    Another clock, another kind of purchase or a refund gone astray would move them.
    """
    found = {
        (model, parameter): (estimate, value, customers)
        for model, parameter, estimate, value, customers in real_cdnow.work_rows(
            "select model, parameter, estimate, log_likelihood, customers "
            "from intermediate.int_value_parameters where fit = 'backtest'"
        )
    }
    published = {
        "bg_nbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
        "mbg_nbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
        "gamma_gamma": {"p": 6.25, "q": 3.74, "gamma": 15.44},
    }
    for model, parameters in published.items():
        for parameter, estimate in parameters.items():
            tolerance = 6e-3 if model == "gamma_gamma" else 6e-4
            assert found[model, parameter][0] == pytest.approx(estimate, abs=tolerance)
    assert found["bg_nbd", "r"][1] == pytest.approx(-9582.4, abs=0.05)
    assert found["bg_nbd", "r"][2] == 2357
    assert found["gamma_gamma", "p"][2] == 946


def test_cdnow_is_foretold_as_well_as_the_papers_foretell_it(real_cdnow):
    """The other 39 weeks: 1,882 purchase days, as near as the papers came."""
    measures = {
        (model, measure): values
        for model, measure, *values in real_cdnow.rows(
            "select model, measure, model_value, same_rate, nobody_returns, actual "
            "from lifetime_value.model_backtest"
        )
    }
    assert measures["bg_nbd", "total"][3] == 1882
    rmse, rmse_same_rate, rmse_nobody, _ = measures["bg_nbd", "rmse"]
    assert rmse <= 1.62
    assert rmse <= 0.75 * rmse_same_rate
    assert rmse <= 0.73 * rmse_nobody
    assert measures["bg_nbd", "correlation"][0] >= 0.62
    assert abs(measures["bg_nbd", "total_error"][0]) <= 0.13
    assert measures["bg_nbd", "auc"][0] >= 0.77
    assert measures["bg_nbd", "top_decile_share"][0] >= 0.46
    assert measures["bg_nbd_gamma_gamma", "interval_coverage"][0] >= 0.8
    by_decile = real_cdnow.rows(
        "select actual_per_customer from lifetime_value.model_calibration "
        "where model = 'bg_nbd' order by decile"
    )
    assert by_decile[0][0] > 4 * by_decile[-1][0]


def test_scores_are_those_of_the_package(real_cdnow):
    """The closed forms in SQL and in Python are one: P(alive), expected days, expected spend."""
    parameters = defaultdict(list)
    for model, estimate in real_cdnow.work_rows(
        "select model, estimate from intermediate.int_value_parameters where fit = 'current' "
        "and parameter <> 'frequency_spend_correlation' "
        "order by model, list_position(['r', 'alpha', 'a', 'b', 'p', 'q', 'gamma'], parameter)"
    ):
        parameters[model].append(estimate)
    rows = np.array(
        real_cdnow.work_rows(
            "select frequency, recency_days / 7, age_days / 7, repeat_revenue::double, p_alive, "
            "p_alive_bg_nbd, expected_orders_26w, expected_spend "
            "from intermediate.int_purchase_summaries join intermediate.int_customer_predictions "
            "using (fit, customer_id, frequency, age_days) where fit = 'current'"
        ),
        dtype=float,
    )
    assert len(rows) == 2357
    x, recency, age, spent, p_alive, p_alive_bg, expected, spend = rows.T
    bg, mbg = np.array(parameters["bg_nbd"]), np.array(parameters["mbg_nbd"])
    alive = alive_probability(bg, x, recency, age, drops_at_first=False)
    assert p_alive_bg == pytest.approx(alive, rel=1e-9)
    assert p_alive == pytest.approx(
        alive_probability(mbg, x, recency, age, drops_at_first=True), rel=1e-9
    )
    assert expected == pytest.approx(
        alive * expected_if_alive(bg, x, age, 26.0, drops_at_first=False), rel=1e-9
    )
    p, q, gamma = parameters["gamma_gamma"]
    assert spend == pytest.approx(
        expected_spend((p, q, gamma), x, spent / np.maximum(x, 1)), rel=1e-9
    )


def test_nobody_leaves_online_retail_as_far_as_the_model_sees(real_retail):
    """A year of wholesalers identifies no dropout: everybody is alive, and the marts say so."""
    warnings = real_retail.rows(
        "select distinct warning from lifetime_value.model_parameters where model = 'bg_nbd'"
    )
    assert len(warnings) == 1
    assert "no dropout identified" in warnings[0][0]
    people = real_retail.rows(
        "select count(*), count_if(warning like 'no dropout identified%'), min(p_alive) "
        "from lifetime_value.customer_lifetime_value where reason is null"
    )
    assert people[0][0] == people[0][1] > 4000


def test_a_shop_too_small_to_predict_says_so(synthetic_retail):
    """E100: below the minimums predictions are null with a reason; realised value is shown."""
    rows = synthetic_retail.rows(
        "select distinct reason, predicted_value_52w, p_alive from "
        "lifetime_value.customer_lifetime_value where realised_revenue > 0"
    )
    assert rows == [("fewer than 500 buyers", None, None)]
    models = synthetic_retail.rows(
        "select distinct estimate, warning from lifetime_value.model_parameters"
    )
    assert models == [(None, "fewer than 500 buyers")]
