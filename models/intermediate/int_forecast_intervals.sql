-- One row per origin, horizon and measure: the quantiles of the errors known at the origin, of
-- earlier origins whose month had ended by it, of the horizon and two on either side, scaled by the
-- root of time, of forecasts made alike: with two years behind them, or without (definitions §4).
with

forecasts as (

    select
        origin_number,
        horizon,
        month_number,
        measure,
        error
    from {{ ref('int_forecasts') }}

),

origins as (

    select
        origin_number,
        months_known >= 24 as has_season
    from {{ ref('int_forecast_origins') }}

),

known as (

    select
        forecasts.origin_number,
        forecasts.horizon,
        forecasts.measure,
        earlier.error
        * sqrt(cast(forecasts.horizon as double) / nullif(earlier.horizon, 0)) as error
    from forecasts
    inner join forecasts as earlier
        on
        forecasts.measure = earlier.measure
        and forecasts.origin_number >= earlier.month_number
        and forecasts.horizon <= earlier.horizon + 2
        and forecasts.horizon >= earlier.horizon - 2
    inner join origins
        on forecasts.origin_number = origins.origin_number
    inner join origins as earlier_origins
        on
        origins.has_season = earlier_origins.has_season
        and earlier.origin_number = earlier_origins.origin_number
    where earlier.error is not null

),

final as (

    select
        origin_number,
        horizon,
        measure,
        count(*) as errors,
        percentile_cont(0.025) within group (order by cast(error as double)) as error_02_5,
        percentile_cont(0.1) within group (order by cast(error as double)) as error_10,
        percentile_cont(0.9) within group (order by cast(error as double)) as error_90,
        percentile_cont(0.975) within group (order by cast(error as double)) as error_97_5
    from known
    group by
        origin_number,
        horizon,
        measure

)

select * from final
