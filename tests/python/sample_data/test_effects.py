"""The effects the sample was made with come back out of the marts that look for them.

A sample is loaded as it is delivered, and the models up to those marts alone are built in this
process; the guards, and everything published besides, have tests of their own.
"""

import duckdb
import pytest

from tests.python.sample_data.built import build

INPUTS = (
    "customers", "orders", "subscription_periods", "onboarding_events", "complaints",
    "business_changes",
)  # fmt: skip
MARTS = ("onboarding_effect", "first_experience", "change_effect")

# People who buy every three months or so: few have bought again when the time for a step is over.
EFFECTS = {
    "alpha": 14.0,
    "subscriber_share": 0.4,
    "onboarding_effect": 0.08,
    "complaint_rate": 0.2,
    "complaint_solved_share": 0.5,
    "complaint_unsolved_factor": 8.0,
    "plan_price_rise_churn_factor": 6.0,
}


@pytest.fixture(scope="module")
def sample(plain):
    """A sample with three effects and no mess."""
    return plain(INPUTS, **EFFECTS)


@pytest.fixture(scope="module")
def marts(sample, tmp_path_factory):
    """The marts of that sample, open for reading."""
    work_db = build(sample.landing, tmp_path_factory.mktemp("effects"), MARTS)
    with duckdb.connect(str(work_db), read_only=True) as con:
        yield con


def onboarding(marts) -> dict[str, dict[str, float]]:
    """Second purchases within 60 days by step."""
    rows = marts.execute(
        "select * from retention.onboarding_effect "
        "where measure = 'second_purchase' and window_days = 60"
    ).fetchnumpy()
    return {
        step: {name: column[place] for name, column in rows.items()}
        for place, step in enumerate(rows["step"])
    }


def effect_after_the_step(sample, group) -> float:
    """What 8 points within 60 days are among people who had not bought again by day 14.

    The effect turns people who would not have bought; some of them buy before day 14, and are then
    in neither group.

    Args:
        sample: The delivered sample, whose truth says which purchases the step brought about.
        group: The mart's row of the step.
    """
    added = sample.true(
        """
        select orders.order_id from orders where orders.source = 'onboarding'
        """
    )["order_id"]
    days = sample.query(
        """
        select order_id, date_diff('day', min(cast(cast(ordered_at as timestamp) as date)) over (
            partition by customer_id
        ), cast(cast(ordered_at as timestamp) as date)) as days
        from orders where customer_id is not null
        """,
        "orders",
    )
    of_order = dict(zip(days["order_id"], days["days"], strict=True))
    early = sum(of_order[order] <= group["finish_within_days"] for order in added) / len(added)
    people = sample.value("select count(distinct customer_id) from orders", "orders")
    with_step = sample.value(
        """
        select count(distinct customer_id) from onboarding_events
        where step = 'profile_completed' and customer_id in (select customer_id from orders)
        """,
        "orders", "onboarding_events",
    )  # fmt: skip
    # without the step's own purchases, the share that had not bought again by day 14
    seconds = sample.value(
        """
        with firsts as (
            select customer_id, min(cast(cast(ordered_at as timestamp) as date)) as day
            from orders group by customer_id
        )
        select count(distinct orders.customer_id)
        from orders inner join firsts using (customer_id)
        where cast(cast(ordered_at as timestamp) as date) > day
            and cast(cast(ordered_at as timestamp) as date) <= day + 14
            and customer_id not in (
                select customer_id from onboarding_events where step = 'profile_completed'
            )
        """,
        "orders", "onboarding_events",
    )  # fmt: skip
    still = 1 - seconds / (people - with_step)
    rate = group["not_finished_retention_rate"]
    effect = EFFECTS["onboarding_effect"]
    return (still * rate + effect * (1 - early)) / (still - effect * early) - rate


def test_the_step_with_an_effect_shows_it_and_the_others_none(sample, marts):
    """Prevents immortal time, or a window off by its step, from passing for an effect."""
    steps = onboarding(marts)
    assert set(steps) == {
        "account_confirmed", "profile_completed", "app_installed", "newsletter_joined",
    }  # fmt: skip
    for step, group in steps.items():
        truth = effect_after_the_step(sample, group) if step == "profile_completed" else 0.0
        assert group["difference_low"] < truth < group["difference_high"], (step, truth)
        assert min(group["finished"], group["not_finished"]) > 300
    profile = steps["profile_completed"]
    assert profile["difference_low"] > 0
    assert profile["difference_low"] < EFFECTS["onboarding_effect"] < profile["difference_high"]


def test_unsolved_complaints_cost_second_orders(marts):
    """Prevents who comes back at once from hiding, or inventing, what a complaint costs."""
    rates = {
        value: (low, high, eligible)
        for value, low, high, eligible in marts.execute(
            """
            select value, second_order_rate_low, second_order_rate_high, eligible
            from retention.first_experience
            where trait = 'complaint' and window_days = 365
            """
        ).fetchall()
    }
    assert set(rates) == {"no complaint", "solved", "unsolved"}
    assert min(eligible for *_, eligible in rates.values()) > 100
    assert rates["unsolved"][1] < rates["solved"][0]
    # solved ones cost nothing in this sample
    assert rates["solved"][0] < rates["no complaint"][1]
    assert rates["no complaint"][0] < rates["solved"][1]


def test_a_plans_price_rise_shows_against_the_other_plans(marts):
    """Prevents a change from being judged by people it did not touch, or who came after it."""
    rows = marts.execute(
        """
        select scope_value, comparison, difference_low, difference_high
        from retention.change_effect
        where change_id = 'BC-2' and basis = 'subscriptions' and window_days = 90
        """
    ).fetchall()
    ((plan, comparison, low, high),) = rows
    assert (plan, comparison) == ("pro", "against untouched")
    assert 0.05 < low < high
