-- One row per past or present month end, month of the 12 after it, and measure: the forecast as it
-- was made from the months up to that end, with the interval from errors known then, beside what
-- came and what "same as last month" would have said (definitions §4, Forecast).
with

forecasts as (

    select
        origin_number,
        horizon,
        month_number,
        measure,
        forecast,
        naive,
        actual
    from {{ ref('int_forecasts') }}

),

intervals as (

    select
        origin_number,
        horizon,
        measure,
        errors,
        error_80,
        error_95
    from {{ ref('int_forecast_intervals') }}

),

bounded as (

    select
        forecasts.origin_number,
        forecasts.horizon,
        forecasts.month_number,
        forecasts.measure,
        forecasts.forecast,
        forecasts.naive,
        forecasts.actual,
        coalesce(intervals.errors, 0) as errors,
        coalesce(intervals.errors, 0) >= {{ var('forecast_min_errors') }} as has_interval,
        forecasts.forecast * exp(-intervals.error_80) as low_80,
        forecasts.forecast * exp(intervals.error_80) as high_80,
        forecasts.forecast * exp(-intervals.error_95) as low_95,
        forecasts.forecast * exp(intervals.error_95) as high_95
    from forecasts
    left join intervals
        on
        forecasts.origin_number = intervals.origin_number
        and forecasts.horizon = intervals.horizon
        and forecasts.measure = intervals.measure

),

final as (

    select
        {{ period_first_day("'month'", 'origin_number') }} as origin_month,
        horizon,
        {{ period_first_day("'month'", 'month_number') }} as period_start,
        measure,
        cast(round(forecast, 2) as decimal(18, 2)) as forecast,
        case when has_interval then cast(round(low_80, 2) as decimal(18, 2)) end as low_80,
        case when has_interval then cast(round(high_80, 2) as decimal(18, 2)) end as high_80,
        case when has_interval then cast(round(low_95, 2) as decimal(18, 2)) end as low_95,
        case when has_interval then cast(round(high_95, 2) as decimal(18, 2)) end as high_95,
        errors as known_errors,
        cast(round(naive, 2) as decimal(18, 2)) as naive_forecast,
        cast(round(actual, 2) as decimal(18, 2)) as actual
    from bounded

)

select * from final
