-- One row per origin, horizon and measure: how far off (log) the forecast may be, from the errors
-- of earlier origins whose month had ended by the origin, in the 24 months up to it, all horizons
-- together: scaled by the root of what was forecast and by a power of the horizon that the errors
-- show themselves, with twelve origins' weight on a cube root (definitions §4, Forecast).
with

forecasts as (

    select
        origin_number,
        horizon,
        month_number,
        measure,
        forecast,
        error
    from {{ ref('int_forecasts') }}

),

origins as (

    select distinct
        origin_number,
        measure
    from forecasts

),

-- what many people bring errs by the root of it, and the business may have grown since
known as (

    select
        origins.origin_number,
        origins.measure,
        earlier.origin_number as earlier_number,
        earlier.horizon,
        earlier.error * sqrt(earlier.forecast) as error
    from origins
    inner join forecasts as earlier
        on
        origins.measure = earlier.measure
        and origins.origin_number >= earlier.month_number
        and earlier.month_number > origins.origin_number - 24
    where earlier.error is not null

),

-- errors of one origin go together: it counts once
slopes as (

    select
        origin_number,
        measure,
        count(*) as errors,
        cast(count(distinct earlier_number) as double) as origins,
        cast(covar_pop(ln(abs(error)), ln(horizon)) filter (where error != 0) as double)
        / nullif(var_pop(ln(horizon)) filter (where error != 0), 0) as slope
    from known
    group by
        origin_number,
        measure

),

powers as (

    select
        origin_number,
        measure,
        errors,
        origins,
        least(
            greatest(
                cast(origins * coalesce(slope, 0) + 4 as double) / nullif(origins + 12, 0), 0
            ),
            1
        ) as horizon_power
    from slopes

),

spreads as (

    select
        powers.origin_number,
        powers.measure,
        powers.errors,
        powers.origins,
        powers.horizon_power,
        sqrt(
            avg(
                power(
                    cast(known.error as double)
                    / nullif(power(known.horizon, powers.horizon_power), 0),
                    2
                )
            )
        ) as spread
    from powers
    inner join known
        on
        powers.origin_number = known.origin_number
        and powers.measure = known.measure
    group by
        powers.origin_number,
        powers.measure,
        powers.errors,
        powers.origins,
        powers.horizon_power

),

relative as (

    select
        forecasts.origin_number,
        forecasts.horizon,
        forecasts.measure,
        spreads.errors,
        spreads.origins,
        cast(spreads.spread * power(forecasts.horizon, spreads.horizon_power) as double)
        / nullif(sqrt(forecasts.forecast), 0) as spread
    from forecasts
    inner join spreads
        on
        forecasts.origin_number = spreads.origin_number
        and forecasts.measure = spreads.measure
    where forecasts.forecast > 0

),

-- quantiles of Student's t by two terms of their expansion, wider where few origins are known; a
-- factor of 100 either way says all there is to say
final as (

    select
        origin_number,
        horizon,
        measure,
        errors,
        least(
            spread
            * (
                cast(1.2816 as double)
                + cast(0.8466 as double) / nullif(origins, 0)
                + cast(0.5709 as double) / nullif(power(origins, 2), 0)
            ),
            ln(cast(100 as double))
        ) as error_80,
        least(
            spread
            * (
                cast(1.96 as double)
                + cast(2.3723 as double) / nullif(origins, 0)
                + cast(2.8225 as double) / nullif(power(origins, 2), 0)
            ),
            ln(cast(100 as double))
        ) as error_95
    from relative

)

select * from final
