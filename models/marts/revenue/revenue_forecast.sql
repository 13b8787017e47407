-- One row per month of the 12 after the latest complete one, and measure: what comes if nothing
-- changes, its interval from the errors of earlier forecasts, and how good forecasts so far ahead
-- were, beside "same as last month" (definitions §4, Forecast). Not additive over measures.
with

backtest as (

    select
        origin_month,
        horizon,
        period_start,
        measure,
        forecast,
        low_80,
        high_80,
        low_95,
        high_95,
        known_errors,
        naive_forecast,
        actual
    from {{ ref('forecast_backtest') }}

),

latest as (

    select max(origin_month) as origin_month
    from backtest

),

scores as (

    select
        measure,
        horizon,
        count(*) as backtests,
        cast(sum(abs(actual - forecast)) as double) as forecast_misses,
        cast(sum(abs(actual - naive_forecast)) as double) as naive_misses,
        cast(sum(forecast - actual) as double) as excess,
        cast(sum(abs(actual)) as double) as actual,
        count(low_80) as intervals,
        count(*) filter (where actual >= low_80 and actual <= high_80) as covered_80,
        count(*) filter (where actual >= low_95 and actual <= high_95) as covered_95
    from backtest
    where actual is not null
    group by
        measure,
        horizon

),

final as (

    select
        backtest.period_start,
        backtest.measure,
        backtest.origin_month,
        backtest.horizon,
        backtest.forecast,
        backtest.low_80,
        backtest.high_80,
        backtest.low_95,
        backtest.high_95,
        case
            when backtest.forecast <= 0 then 'no revenue to forecast from'
            when backtest.low_80 is null then 'too few earlier forecasts to judge by'
        end as interval_reason,
        coalesce(scores.backtests, 0) as backtests,
        cast(scores.forecast_misses as double) / nullif(scores.actual, 0) as backtest_error,
        cast(scores.naive_misses as double) / nullif(scores.actual, 0) as naive_error,
        cast(scores.excess as double) / nullif(scores.actual, 0) as backtest_bias,
        coalesce(scores.intervals, 0) as backtest_intervals,
        cast(scores.covered_80 as double) / nullif(scores.intervals, 0) as covered_80_rate,
        cast(scores.covered_95 as double) / nullif(scores.intervals, 0) as covered_95_rate
    from backtest
    inner join latest
        on backtest.origin_month = latest.origin_month
    left join scores
        on
        backtest.measure = scores.measure
        and backtest.horizon = scores.horizon

)

select * from final
