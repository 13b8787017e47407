-- One row per band of points (a quarter of a log odd) that somebody has: the share of the people
-- who had as many on the past days of int_risk_days and were lost within risk_horizon_days, made
-- never to fall from band to band (isotonic regression by its min-max formula; bands are few).
with

points as (

    select
        cast(floor(points_now * 4) as integer) as band,
        is_lost_later
    from {{ ref('int_risk_points') }}

),

bands as (

    select
        band,
        count(is_lost_later) as people,
        count_if(coalesce(is_lost_later, false)) as lost
    from points
    group by band

),

totals as (

    select sum(people) as people
    from bands

),

running as (

    select
        band,
        people,
        lost,
        sum(people) over (order by band nulls first) as people_to,
        sum(lost) over (order by band nulls first) as lost_to
    from bands

),

-- the share lost from one band to another; half a person on either side, as nobody's risk is 0 or 1
stretches as (

    select
        lows.band as low_band,
        highs.band as high_band,
        case
            when highs.people_to - lows.people_to + lows.people > 0
                then (cast(highs.lost_to - lows.lost_to + lows.lost as double) + 0.5)
                    / nullif(cast(highs.people_to - lows.people_to + lows.people as double) + 1, 0)
        end as lost_share
    from running as lows
    inner join running as highs
        on lows.band <= highs.band

),

lowest as (

    select
        bands.band,
        stretches.low_band,
        min(stretches.lost_share) as lost_share
    from bands
    inner join stretches
        on
        bands.band >= stretches.low_band
        and bands.band <= stretches.high_band
    group by
        bands.band,
        stretches.low_band

),

shares as (

    select
        band,
        max(lost_share) as lost_share
    from lowest
    group by band

),

final as (

    select
        bands.band,
        bands.people,
        bands.lost,
        totals.people >= {{ var('risk_min_people') }} as is_calibrated,
        case
            when totals.people >= {{ var('risk_min_people') }} then shares.lost_share
            -- without history what the points themselves say, at the middle of the band
            else 1 / nullif(1 + exp(-(cast(bands.band as double) + 0.5) / 4), 0)
        end as score
    from bands
    cross join totals
    inner join shares
        on bands.band = shares.band

)

select * from final
