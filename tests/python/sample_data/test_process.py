"""Each true parameter can be found again in the delivered files, and moves what is found."""

import numpy as np
import pytest

from tests.python.sample_data.estimators import (
    end_of,
    ends_after,
    fit_bgnbd,
    fit_renewals,
    fit_spend,
    purchases,
    season_amplitude,
)

# Everybody buys about weekly, so that half a year of silence is a loss beyond doubt.
WEEKLY = {"r": 12.0, "alpha": 12.0, "a": 2.0, "b": 38.0, "subscriber_share": 0.0, "years": 2.0}
SILENCE = 120.0
SHOPPERS = {"subscriber_share": 0.0, "customers": 7500}


def test_purchases_are_bgnbd(plain):
    """Prevents a purchase process that only looks like the stated one."""
    found = fit_bgnbd(plain(**SHOPPERS))
    assert found["r"] / found["alpha"] == pytest.approx(1.1 / 3.4, rel=0.06)
    assert found["r"] == pytest.approx(1.1, rel=0.1)
    assert found["alpha"] == pytest.approx(3.4, rel=0.12)
    assert found["a"] / (found["a"] + found["b"]) == pytest.approx(0.7 / 7.7, rel=0.12)


@pytest.mark.parametrize(
    ("change", "measure", "truth"),
    [
        ({"r": 2.2}, lambda p: p["r"], 2.2),
        ({"alpha": 6.8}, lambda p: p["r"] / p["alpha"], 1.1 / 6.8),
        ({"a": 1.4}, lambda p: p["a"] / (p["a"] + p["b"]), 1.4 / 8.4),
        ({"b": 14.0}, lambda p: p["a"] / (p["a"] + p["b"]), 0.7 / 14.7),
    ],
    ids=["r", "alpha", "a", "b"],
)
def test_purchase_parameters_move_their_estimates(plain, change, measure, truth):
    """Prevents a BG/NBD parameter that is written down but does not act."""
    before = measure(fit_bgnbd(plain(**SHOPPERS)))
    after = measure(fit_bgnbd(plain(**SHOPPERS, **change)))
    assert after == pytest.approx(truth, rel=0.15)
    assert max(after / before, before / after) > 1.6


@pytest.mark.parametrize(
    ("change", "mean"),
    [
        ({}, 40.0),
        ({"spend_gamma": 40.0}, 80.0),
        ({"spend_q": 7.0}, 20.0),
        ({"spend_p": 12.0}, 80.0),
    ],
    ids=["as stated", "gamma", "q", "p"],
)
def test_spend_is_gamma_gamma(plain, change, mean):
    """Prevents money that drifts on its way through tax, discount and lines."""
    found = fit_spend(plain(**SHOPPERS, **change))
    assert found["mean"] == pytest.approx(mean, rel=0.04)
    assert found["p"] == pytest.approx(change.get("spend_p", 6.0), rel=0.05)
    assert found["q"] == pytest.approx(change.get("spend_q", 4.0), rel=0.12)


SUBSCRIBERS = {
    "subscriber_share": 1.0,
    "subscription_only_share": 0.0,
    "inputs": ("subscription_periods",),
}


@pytest.mark.parametrize(
    ("plan", "months", "alpha", "beta", "tolerance"),
    [("basic", 1, 0.9, 12.0, 0.1), ("pro", 1, 0.7, 16.0, 0.15), ("business", 12, 0.6, 2.4, 0.3)],
)
def test_subscriptions_end_by_their_plans_hazard(plain, plan, months, alpha, beta, tolerance):
    """Prevents plans whose true chance to leave is not the one that acts."""
    before = fit_renewals(plain(**SUBSCRIBERS), plan, months)
    after = fit_renewals(plain(**SUBSCRIBERS, **{f"plan_{plan}_alpha": 2 * alpha}), plan, months)
    assert before == pytest.approx(alpha / (alpha + beta), rel=tolerance)
    assert after == pytest.approx(2 * alpha / (2 * alpha + beta), rel=tolerance)
    assert after / before > 1.4


def test_boxes_end_by_their_hazard_and_raise_orders(plain):
    """Prevents box subscriptions without the orders they pay for, or with them after their end."""
    sample = plain(
        ("subscription_periods", "orders"),
        subscriber_share=0.5, subscription_only_share=1.0, box_share=1.0,
    )  # fmt: skip
    found = fit_renewals(sample, "box", 1)
    assert found == pytest.approx(0.1, rel=0.12)
    unpaid = sample.value(
        """
        select count(*) from orders where is_subscription_order = 'true' and not exists (
            select 1 from subscription_periods as period
            where period.customer_id = orders.customer_id and period.plan_id like 'box%'
                and cast(orders.ordered_at as timestamp) >= cast(period.starts_at as timestamp)
                and (period.ends_at is null
                    or cast(orders.ordered_at as timestamp) < cast(period.ends_at as timestamp))
        )
        """,
        "orders",
        "subscription_periods",
    )
    boxes = sample.value(
        "select count(*) from orders where is_subscription_order = 'true'", "orders"
    )
    assert unpaid == 0
    assert boxes > 5000


def test_seasons_move_purchases(plain):
    """Prevents a season that is stated and not felt, or felt where it is switched off."""
    none = season_amplitude(plain(**SHOPPERS))
    some = season_amplitude(plain(**SHOPPERS, season_amplitude=0.25))
    more = season_amplitude(plain(**SHOPPERS, season_amplitude=0.5))
    assert none < 0.06
    assert some == pytest.approx(0.25, abs=0.06)
    assert more == pytest.approx(0.5, abs=0.08)


def test_acquisition_has_its_season(plain):
    """Prevents acquisition spread evenly although a season is stated."""
    waves = []
    for amplitude in (0.0, 0.4):
        rows = purchases(plain(**SHOPPERS, acquisition_season=amplitude, acquisition_growth=0.0))
        first = rows["stamp"][rows["number"] == 0]
        turn = 2 * np.pi * first / (365.25 * 86_400)
        waves.append(2 * abs(np.exp(1j * turn).mean()))
    assert waves[0] < 0.06
    assert waves[1] == pytest.approx(0.4, abs=0.06)


def spend_ratio(sample, day):
    """Mean log spend after a day against before, within persons."""
    rows = purchases(sample)
    is_after = rows["stamp"] >= float(np.datetime64(day).astype("datetime64[s]").astype(np.int64))
    _, person = np.unique(rows["person"], return_inverse=True)
    log = np.log(rows["net"])
    number = [np.bincount(person, side) for side in (~is_after, is_after)]
    total = [np.bincount(person, log * side) for side in (~is_after, is_after)]
    both = (number[0] > 0) & (number[1] > 0)
    difference = total[1][both] / number[1][both] - total[0][both] / number[0][both]
    weight = number[0][both] * number[1][both] / (number[0][both] + number[1][both])
    return np.exp(np.average(difference, weights=weight)) - 1


def test_price_rise_raises_spend(plain):
    """Prevents a price rise in business_changes that no order shows."""
    found = []
    for rise in (0.0, 0.06, 0.12):
        sample = plain(("orders", "business_changes"), **SHOPPERS, price_rise_spend=rise)
        day = sample.value(
            "select effective_on from business_changes where change_id = 'BC-1'", "business_changes"
        )
        found.append(spend_ratio(sample, str(day)[:10]))
    assert found == pytest.approx([0.0, 0.06, 0.12], abs=0.02)


def test_price_rise_drives_people_away(plain):
    """Prevents a price rise whose stated effect on loss is absent."""
    shares = []
    for factor in (1.0, 3.0):
        sample = plain(("orders", "business_changes"), **WEEKLY, price_rise_churn_factor=factor)
        rows = ends_after(sample, SILENCE)
        day = sample.value(
            "select effective_on from business_changes where change_id = 'BC-1'", "business_changes"
        )
        rise = float(np.datetime64(str(day)[:10]).astype("datetime64[s]").astype(np.int64))
        since = (rows["stamp"] - rise) / 86_400
        is_repeat = rows["number"] > 0
        after = rows["is_last"][is_repeat & (since >= 0) & (since < 90)].mean()
        before = rows["is_last"][is_repeat & (since < 0) & (since >= -90)].mean()
        shares.append(after / before)
    assert shares[0] == pytest.approx(1.0, abs=0.2)
    assert shares[1] == pytest.approx(3.0, abs=0.6)


def test_plan_price_rise_raises_price_and_loss(plain):
    """Prevents a plan's price rise that changes neither its price nor who leaves."""
    losses = []
    for factor in (1.0, 3.0):
        sample = plain(
            ("subscription_periods", "business_changes"), subscriber_share=1.0,
            subscription_only_share=0.0, plan_price_rise=0.15,
            plan_price_rise_churn_factor=factor, plan_pro_alpha=2.0, plan_pro_beta=30.0,
        )  # fmt: skip
        day = str(sample.value(
            "select effective_on from business_changes where change_id = 'BC-2'",
            "business_changes",
        ))[:10]  # fmt: skip
        prices = sample.query(
            f"""
            select distinct cast(unit_amount as double) as price,
                cast(starts_at as timestamp) >= timestamp '{day}' as is_after
            from subscription_periods
            where plan_id = 'pro' and item_id = 'main' and status = 'active'
            order by price
            """,
            "subscription_periods",
        )
        assert list(prices["price"]) == [29.90, 34.38]
        assert list(prices["is_after"]) == [False, True]
        left = sample.query(
            f"""
            select
                count(*) filter (where day >= timestamp '{day}'
                    and day < timestamp '{day}' + interval 100 day) as after,
                count(*) filter (where day < timestamp '{day}'
                    and day >= timestamp '{day}' - interval 100 day) as before
            from (
                select max(cast(coalesce(ends_at, '2100-01-01') as timestamp)) as day
                from subscription_periods where plan_id = 'pro' group by subscription_id
            )
            """,
            "subscription_periods",
        )
        losses.append(left["after"][0] / left["before"][0])
    assert losses[1] / losses[0] == pytest.approx(3.0, abs=0.8)


def campaign_uplift(sample):
    """Return rate of the treated minus that of the held back: with effect, without, base rate."""
    rows = sample.query(
        """
        select message.campaign_id, message.variant,
            count(*) as people,
            count(*) filter (where exists (
                select 1 from orders where orders.customer_id = message.customer_id
                    and cast(orders.ordered_at as timestamp) > cast(message.sent_at as timestamp)
                    and cast(orders.ordered_at as timestamp) < cast(message.sent_at as timestamp)
                        + cast(campaign.return_window_days as integer) * interval 1 day
            )) as returned
        from messages as message
        inner join campaigns as campaign on campaign.campaign_id = message.campaign_id
        where campaign.kind = 'reactivation'
        group by all
        """,
        "orders", "messages", "campaigns",
    )  # fmt: skip
    effect = {c["campaign_id"]: c["true_effect"] > 0 for c in sample.truth["campaigns"]}
    has_effect = np.array([effect[name] for name in rows["campaign_id"]])
    is_treated = rows["variant"] == "treatment"

    def rate(mask):
        return rows["returned"][mask].sum() / rows["people"][mask].sum()

    with_effect = rate(has_effect & is_treated) - rate(has_effect & ~is_treated)
    without = rate(~has_effect & is_treated) - rate(~has_effect & ~is_treated)
    return with_effect, without, rate(~is_treated), rows["people"]


def test_campaigns_have_their_true_effect(plain):
    """Prevents campaigns whose uplift is not the stated one, or that share people."""
    files = ("orders", "messages", "campaigns")
    common = {"subscriber_share": 0.0, "customers": 12_500, "campaigns_with_effect": 5,
              "campaigns_without_effect": 5, "campaign_people_per_arm": 400}  # fmt: skip
    found = {
        effect: campaign_uplift(plain(files, **common, campaign_effect=effect))
        for effect in (0.05, 0.10)
    }
    for effect, (with_effect, without, base, people) in found.items():
        assert with_effect == pytest.approx(effect, abs=0.025)
        assert without == pytest.approx(0.0, abs=0.025)
        assert base == pytest.approx(0.1, abs=0.015)
        assert list(people) == [400] * 20
    assert found[0.10][0] - found[0.05][0] > 0.03


def test_nobody_is_in_two_tested_campaigns(default_sample):
    """Prevents campaigns whose effects mix in one person."""
    twice = default_sample.value(
        """
        select count(*) from (
            select customer_id from messages
            inner join campaigns on campaigns.campaign_id = messages.campaign_id
            where campaigns.kind = 'reactivation' and variant in ('treatment', 'control')
            group by customer_id having count(distinct messages.campaign_id) > 1
        )
        """,
        "messages",
        "campaigns",
    )
    assert twice == 0


def complaint_hazard_ratio(sample):
    """How much more often a purchase with a complaint is the last one."""
    rows = ends_after(sample, SILENCE)
    complained = sample.query(
        """
        select customer_id as person, epoch(cast(ordered_at as timestamp)) as stamp
        from orders where order_id in (select order_id from complaints)
        """,
        "orders", "complaints",
    )  # fmt: skip
    known = set(zip(complained["person"], complained["stamp"], strict=True))
    has = np.array([pair in known for pair in zip(rows["person"], rows["stamp"], strict=True)])
    is_repeat = rows["number"] > 0
    return rows["is_last"][is_repeat & has].mean() / rows["is_last"][is_repeat & ~has].mean()


def test_complaints_cause_loss_by_their_factor(plain):
    """Prevents complaints that only go along with loss by chance."""
    found = {}
    for factor in (1.0, 3.0, 6.0):
        sample = plain(
            ("orders", "complaints"), **WEEKLY, complaint_rate=0.06,
            complaint_solved_share=0.0, complaint_unsolved_factor=factor,
        )  # fmt: skip
        found[factor] = complaint_hazard_ratio(sample)
    assert found[1.0] == pytest.approx(1.0, abs=0.25)
    assert found[3.0] == pytest.approx(3.0, abs=0.5)
    assert found[6.0] == pytest.approx(6.0, abs=0.9)


def test_solved_and_timely_complaints_cost_less(plain):
    """Prevents solving and answering in time from making no difference."""
    common = {
        **WEEKLY,
        "complaint_rate": 0.06,
        "complaint_solved_share": 1.0,
        "complaint_solved_factor": 1.5,
        "complaint_unsolved_factor": 6.0,
    }
    late_too = {"late_response_share": 1.0, "late_response_factor": 2.0}
    files = ("orders", "complaints")
    solved = complaint_hazard_ratio(plain(files, **common))
    late = complaint_hazard_ratio(plain(files, **common, **late_too))
    assert solved == pytest.approx(1.5, abs=0.35)
    assert late == pytest.approx(3.0, abs=0.5)


def test_onboarding_step_lifts_early_repeats(plain):
    """Prevents an onboarding effect that does not act, or acts through other steps."""
    gains = {}
    for effect in (0.0, 0.1, 0.2):
        sample = plain(
            ("orders", "onboarding_events"), **SHOPPERS, onboarding_effect=effect, alpha=14.0
        )
        rows = purchases(sample)
        is_first = (rows["number"] == 0) & (rows["stamp"] + 60 * 86_400 < end_of(sample))
        people = rows["person"][is_first]
        is_back = rows["gap"][is_first] <= 60 * 86_400
        for step in ("profile_completed", "app_installed"):
            done = sample.query(
                f"select customer_id from onboarding_events where step = '{step}'",
                "onboarding_events",
            )["customer_id"]
            has = np.isin(people, done)
            gains[step, effect] = is_back[has].mean() - is_back[~has].mean()
    assert gains["profile_completed", 0.0] == pytest.approx(0.0, abs=0.03)
    assert gains["profile_completed", 0.1] == pytest.approx(0.1, abs=0.03)
    assert gains["profile_completed", 0.2] == pytest.approx(0.2, abs=0.03)
    assert gains["app_installed", 0.2] == pytest.approx(0.0, abs=0.03)


def test_owners_differ_as_stated(plain):
    """Prevents employees whose true factors nobody's customers feel."""
    slopes = []
    for spread in (0.0, 0.6):
        sample = plain(("orders", "customers"), **WEEKLY, owner_spread=spread, owner_share=1.0)
        rows = ends_after(sample, SILENCE)
        owners = sample.query("select customer_id, account_owner_id from customers", "customers")
        owner = dict(zip(owners["customer_id"], owners["account_owner_id"], strict=True))
        factor = {e["employee_id"]: e["dropout_factor"] for e in sample.truth["employees"]}
        is_repeat = rows["number"] > 0
        person, is_last = rows["person"][is_repeat], rows["is_last"][is_repeat]
        if spread == 0:
            assert set(factor.values()) == {1.0}
            continue
        true = np.array([factor[owner[name]] for name in person])
        slope, level = np.polyfit(true, is_last, 1)
        slopes.append(slope / (slope + level))
    # the loss rate is proportional to the factor: slope over rate at factor 1 is 1
    assert slopes == [pytest.approx(1.0, abs=0.2)]


def test_people_come_back_after_long_pauses(plain):
    """Prevents a stated share of returns that nobody makes."""
    shares = []
    for share in (0.0, 0.2, 0.4):
        sample = plain(**WEEKLY, reactivation_share=share)
        rows = purchases(sample)
        long = rows["gap"] > 120 * 86_400
        has_room = rows["stamp"] + 420 * 86_400 < end_of(sample)
        shares.append((np.isfinite(rows["gap"]) & long & has_room)[long & has_room].mean())
    assert shares[0] < 0.02
    assert shares[1] == pytest.approx(0.2 * 0.92, abs=0.05)
    assert shares[2] / shares[1] == pytest.approx(2.0, abs=0.5)


def test_leavers_score_lower(plain):
    """Prevents surveys that say nothing about who goes."""
    gaps = []
    for drop in (0.0, 2.0, 4.0):
        sample = plain(
            ("orders", "survey_responses"), **{**WEEKLY, "alpha": 36.0, "a": 8.0, "years": 3.0},
            survey_leaver_drop=drop, customers=7500,
        )  # fmt: skip
        rows = ends_after(sample, 2 * SILENCE)
        last = rows["person"][rows["is_last"]], rows["stamp"][rows["is_last"]]
        ended = dict(zip(*last, strict=True))
        answers = sample.query(
            """
            select customer_id as person, epoch(cast(sent_at as timestamp)) as stamp,
                cast(score as double) as score
            from survey_responses where survey = 'nps' and score is not null
            """,
            "survey_responses",
        )
        since = (
            np.array(
                [
                    at - ended.get(who, np.inf)
                    for who, at in zip(answers["person"], answers["stamp"], strict=True)
                ]
            )
            / 86_400
        )
        is_leaving = (since >= 0) & (since < 6)
        scores = answers["score"]
        gaps.append(scores[~is_leaving].mean() - scores[is_leaving].mean())
    assert gaps[0] == pytest.approx(0.0, abs=0.4)
    assert gaps[1] == pytest.approx(1.7, abs=0.5)  # the scale ends at 10
    assert gaps[2] - gaps[1] > 1.2


def test_use_falls_before_loss(plain):
    """Prevents product use that tells nothing about who is about to go."""
    ratios = []
    for fall in (0.0, 0.45, 0.9):
        sample = plain(
            ("orders", "product_usage"), **{**WEEKLY, "customers": 2500}, usage_share=1.0,
            usage_days_per_week=2.0, usage_fall=fall,
        )  # fmt: skip
        rows = ends_after(sample, SILENCE)
        last = {"person": rows["person"][rows["is_last"]], "stamp": rows["stamp"][rows["is_last"]]}
        use = sample.query(
            "select distinct customer_id as person, epoch(cast(used_on as timestamp)) as stamp "
            "from product_usage",
            "product_usage",
        )
        ended = dict(zip(last["person"], last["stamp"], strict=True))
        before = (
            np.array(
                [
                    ended.get(who, np.nan) - at
                    for who, at in zip(use["person"], use["stamp"], strict=True)
                ]
            )
            / 86_400
        )
        first = rows["stamp"][rows["number"] == 0]
        born = dict(zip(rows["person"][rows["number"] == 0], first, strict=True))
        # only people who were there for all of the weeks compared
        lives = np.array([ended.get(who, 0) - born.get(who, 0) for who in use["person"]]) / 86_400
        is_long = lives > 100
        near = (is_long & (before >= 1) & (before < 15)).sum()
        far = (is_long & (before >= 60) & (before < 74)).sum()
        ratios.append(near / far)
    # of 42 falling days, the last two weeks stand at 1 - fall x 34 / 42 on average
    assert ratios[0] == pytest.approx(1.0, abs=0.12)
    assert ratios[1] == pytest.approx(1 - 0.45 * 0.81, abs=0.1)
    assert ratios[2] == pytest.approx(1 - 0.9 * 0.81, abs=0.1)


def test_subscription_events_follow_their_rates(plain):
    """Prevents trials, failed payments, pauses and plan moves that keep no stated rate."""
    sample = plain(
        ("subscription_periods", "payments"), subscriber_share=1.0, subscription_only_share=0.0,
        trial_share=0.4, trial_conversion=0.5, past_due_rate=0.05, recovery_share=0.6,
        pause_rate=0.03, pause_return_share=0.8, upgrade_rate=0.04, downgrade_rate=0.02,
    )  # fmt: skip
    rows = sample.query(
        """
        with by_subscription as (
            select customer_id, bool_or(status = 'trial') as has_trial,
                bool_or(status <> 'trial') as is_paid
            from subscription_periods
            where item_id = 'main' and replaces_subscription_id is null
            group by customer_id, subscription_id
        )
        select avg(cast(is_paid as integer)) filter (where has_trial) as conversion
        from by_subscription
        """,
        "subscription_periods",
    )
    assert rows["conversion"][0] == pytest.approx(0.5, abs=0.05)
    payments = sample.query(
        """
        select count(*) filter (where status in ('recovered', 'written_off')) as failed,
            count(*) filter (where status = 'recovered') as recovered,
            count(*) filter (where status = 'succeeded') as succeeded
        from payments
        where subscription_id is not null and cast(due_at as timestamp) < timestamp '2026-08-01'
        """,
        "payments",
    )
    failed, recovered = payments["failed"][0], payments["recovered"][0]
    assert recovered / failed == pytest.approx(0.6, abs=0.05)
    # first cycles never fail, so the share of all cycles is a little lower
    assert failed / (failed + payments["succeeded"][0]) == pytest.approx(0.045, abs=0.01)
    moves = sample.query(
        """
        with ordered as (
            select customer_id, plan_id, status, starts_at,
                lag(plan_id) over (partition by customer_id, left(subscription_id,
                    length(subscription_id) - 1) order by starts_at) as plan_before
            from subscription_periods where item_id = 'main' and plan_id in ('basic', 'pro')
        )
        select count(*) filter (where plan_before = 'basic' and plan_id = 'pro') as up,
            count(*) filter (where plan_before = 'pro' and plan_id = 'basic') as down,
            count(*) filter (where status = 'paused') as paused,
            count(*) filter (where status = 'active') as stretches
        from ordered
        """,
        "subscription_periods",
    )
    assert moves["up"][0] > 3 * moves["down"][0] / 2 > 0
    assert moves["paused"][0] > 500
