"""What the forecast says of itself holds on samples: how sure it is, and that it beats the naive.

Six years of three small businesses, with season, price rises and growth. Their monthly sums are
taken from the delivered files, which have no mess here: the models that make them have tests of
their own. The forecast's models run on them as they are.
"""

import dataclasses
from pathlib import Path

import duckdb
import numpy as np
import pytest

from orchestration.sample_data.parameters import Parameters
from orchestration.settings import PROJECT, load_settings
from orchestration.straight import Step, run_step, steps
from tests.python.sample_data.delivered import write
from tests.python.shared import compiled_models

SEEDS = (1, 2, 3)
MEASURES = ("order_revenue", "mrr", "total")
INPUTS = ("orders", "subscription_periods")
CLEAN = dict.fromkeys(
    ("refused_share", "orphan_item_share", "itemless_share", "late_share", "correction_share",
     "duplicate_share"), 0.0,
)  # fmt: skip
MODELS = (
    "int_forecast_origins", "int_forecast_cells", "int_forecast_seasons", "int_forecast_curves",
    "int_forecasts", "int_forecast_intervals", "forecast_backtest",
)  # fmt: skip

COHORTS = """
    with purchases as (
        select
            number as customer, net_cents / 100.0 as net_revenue,
            year(day) * 12 + month(day) - 1 as month_number
        from (select order_id, cast(ordered_at as timestamp) as day from orders)
        inner join truth using (order_id)
        where kind = 'purchase'
    ),
    firsts as (select customer, min(month_number) as cohort_number from purchases group by 1)
    select
        cohort_number, month_number,
        count(distinct customer) filter (cohort_number = month_number) as new_customers,
        sum(net_revenue) as net_revenue, 0.0 as subscription_order_revenue
    from purchases inner join firsts using (customer)
    group by all
"""
MONTHS = """
    with months as (
        select
            month_number, sum(new_customers) as new_customers, sum(net_revenue) as order_revenue,
            make_date((month_number + 1) // 12, (month_number + 1) % 12 + 1, 1) as closes_at
        from intermediate.int_forecast_cohorts group by month_number
    ),
    served as (
        select
            customer_id,
            cast(starts_at as timestamp) as starts_at,
            coalesce(cast(ends_at as timestamp), timestamp '2100-01-01') as ends_at,
            (cast(quantity as double) * cast(unit_amount as double) - case
                when discount_is_recurring = 'true'
                    then coalesce(cast(discount_amount as double), 0) else 0
            end) * case billing_interval
                when 'month' then 1.0 when 'year' then 1 / 12.0 when 'week' then 52 / 12.0
            end / cast(billing_interval_count as double) as mrr
        from subscription_periods
        where kind = 'recurring' and status in ('active', 'past_due')
    ),
    balances as (
        select month_number, customer_id, sum(mrr) as mrr
        from months inner join served
            on starts_at < closes_at and ends_at >= closes_at
        where mrr > 0
        group by all
    ),
    moves as (
        select
            coalesce(now.month_number, before.month_number + 1) as month_number,
            sum(coalesce(before.mrr, 0)) as opening_mrr,
            sum(case when before.mrr is null then now.mrr else 0 end) as gained_mrr,
            sum(case when before.mrr is not null then before.mrr - coalesce(now.mrr, 0) else 0 end)
                as lost_mrr,
            sum(coalesce(now.mrr, 0)) as closing_mrr
        from balances as now full join balances as before
            on now.month_number = before.month_number + 1
            and now.customer_id = before.customer_id
        group by 1
    )
    select
        month_number, make_date(month_number // 12, month_number % 12 + 1, 1) as period_start,
        row_number() over (order by month_number) as months_known,
        cast(new_customers as double) as new_customers,
        cast(order_revenue as double) as order_revenue,
        0.0::double as anonymous_revenue, 0.0::double as subscription_order_revenue,
        coalesce(opening_mrr, 0) as opening_mrr, coalesce(gained_mrr, 0) as gained_mrr,
        coalesce(lost_mrr, 0) as lost_mrr, coalesce(closing_mrr, 0) as closing_mrr
    from months left join moves using (month_number)
"""


def back_tests(folder: Path, seed: int, models: list[Step]) -> np.ndarray:
    """Writes a sample, forecasts from each of its month ends, and returns what had ended."""
    parameters = dataclasses.replace(Parameters(customers=2000, seed=seed, years=6.0), **CLEAN)
    sample = write(folder / "sample", parameters, INPUTS)
    with duckdb.connect(str(folder / "work.duckdb")) as con:
        for name in INPUTS:
            con.execute(f"create temporary view {name} as {sample.select(name)}")
        truth = folder / "sample" / "truth" / "orders_*.parquet"
        con.execute(f"create temporary view truth as select * from '{truth}'")
        con.execute("create schema intermediate")
        con.execute(f"create table intermediate.int_forecast_cohorts as {COHORTS}")
        con.execute(f"create table intermediate.int_forecast_months as {MONTHS}")
        for step in models:
            run_step(con, step)
        return (
            con.execute(
                """
                select
                    measure, horizon, origin_month, known_errors,
                    cast(forecast as double) as forecast, cast(naive_forecast as double) as naive,
                    cast(low_80 as double) as low_80, cast(high_80 as double) as high_80,
                    cast(low_95 as double) as low_95, cast(high_95 as double) as high_95,
                    cast(actual as double) as actual
                from revenue.forecast_backtest
                where actual is not null
                """
            )
            .df()
            .to_records(index=False)
        )


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Back-tests whose month has ended, by seed."""
    folder = tmp_path_factory.mktemp("forecast")
    every = steps(PROJECT, compiled_models(load_settings()).target, up_to=MODELS)
    models = [step for step in every if step.name.partition(".")[2] in MODELS]
    assert len(models) == len(MODELS)
    return {seed: back_tests(folder / str(seed), seed, models) for seed in SEEDS}


@pytest.fixture(scope="module")
def with_interval(judged):
    """Those of them with an interval, by measure, over all seeds."""
    rows = np.concatenate(list(judged.values()))
    rows = rows[~np.isnan(rows["low_80"])]
    return {measure: rows[rows["measure"] == measure] for measure in MEASURES}


def covered(rows: np.ndarray, level: int = 80) -> float:
    """Share of the rows whose interval held what came."""
    inside = (rows[f"low_{level}"] <= rows["actual"]) & (rows["actual"] <= rows[f"high_{level}"])
    return float(inside.mean())


def test_enough_is_judged(judged):
    """Prevents intervals that show only where they are easy, or after years."""
    for rows in judged.values():
        for measure in MEASURES:
            of_measure = rows[(rows["measure"] == measure) & ~np.isnan(rows["low_80"])]
            _, horizons = np.unique(of_measure["origin_month"], return_counts=True)
            assert (horizons == 12).sum() >= 36
        # before ten errors are known there is none
        assert np.isnan(rows["low_80"][rows["known_errors"] < 10]).all()


def test_intervals_hold_what_they_promise(with_interval):
    """Prevents intervals that are a guess: too narrow, or right by being wide."""
    for measure, rows in with_interval.items():
        assert 0.7 <= covered(rows) <= 0.9, measure
        assert 0.88 <= covered(rows, 95) <= 0.99, measure
        for first in (1, 4, 7, 10):
            band = rows[(rows["horizon"] >= first) & (rows["horizon"] < first + 3)]
            assert 0.65 <= covered(band) <= 0.95, (measure, first)
        error = rows["actual"] / rows["forecast"]
        spread = np.quantile(error, 0.9) - np.quantile(error, 0.1)
        width = ((rows["high_80"] - rows["low_80"]) / rows["forecast"]).mean()
        assert width <= 1.5 * spread, measure


def test_the_forecast_beats_same_as_last_month(judged):
    """Prevents a forecast that the plainest one beats, or one that leans to one side."""
    for seed, rows in judged.items():
        for measure in MEASURES:
            of_measure = rows[rows["measure"] == measure]
            miss = np.abs(of_measure["actual"] - of_measure["forecast"]).sum()
            assert miss < np.abs(of_measure["actual"] - of_measure["naive"]).sum(), (seed, measure)
            excess = (of_measure["forecast"] - of_measure["actual"]).sum()
            assert abs(excess) < 0.1 * of_measure["actual"].sum(), (seed, measure)
