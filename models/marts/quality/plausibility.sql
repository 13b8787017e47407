-- One row per measure and each of the last plausibility_days whole days: what happened, and the
-- range to expect from the days before it alone (definitions §9). On square roots, on which counts
-- of any size vary alike: the weekday's median, moved by the last two weeks' level, give or take
-- plausibility_width times how days differ from their weekday and week.
{% set window_days = 7 * var('plausibility_weeks') %}
with

totals as (

    select
        measure,
        day,
        iso_weekday,
        total,
        -- 3/8 brings the variance of a count's root nearest to a quarter (Anscombe 1948)
        case when measure = 'net_revenue' then 0.0 else 0.375 end as root_shift,
        sqrt(
            cast(greatest(total, 0) as double)
            + case when measure = 'net_revenue' then 0.0 else 0.375 end
        ) as root
    from {{ ref('int_daily_totals') }}

),

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

judged as (

    select
        totals.measure,
        totals.day,
        totals.iso_weekday,
        totals.total,
        totals.root_shift
    from totals
    cross join data_cutoff
    where
        totals.day > {{ add_days('data_cutoff.cutoff_day', '-' ~ var('plausibility_days')) }}

),

days_before as (

    select
        judged.measure,
        judged.day,
        earlier.iso_weekday,
        earlier.root,
        {{ days_between('earlier.day', 'judged.day') }} as days_ago
    from judged
    inner join totals as earlier
        on
        judged.measure = earlier.measure
        and judged.day > earlier.day
        and earlier.day >= {{ add_days('judged.day', '-' ~ window_days) }}

),

weekdays as (

    select
        measure,
        day,
        iso_weekday,
        median(root) as usual_root
    from days_before
    group by
        measure,
        day,
        iso_weekday

),

differences as (

    select
        days_before.measure,
        days_before.day,
        days_before.days_ago,
        floor(cast(days_before.days_ago - 1 as double) / cast(7 as double)) as weeks_ago,
        days_before.root - weekdays.usual_root as difference
    from days_before
    inner join weekdays
        on
        days_before.measure = weekdays.measure
        and days_before.day = weekdays.day
        and days_before.iso_weekday = weekdays.iso_weekday

),

weeks as (

    select
        measure,
        day,
        weeks_ago,
        median(difference) as level
    from differences
    group by
        measure,
        day,
        weeks_ago

),

spreads as (

    select
        differences.measure,
        differences.day,
        count(*) as days_compared,
        median(case when differences.days_ago <= 14 then differences.difference end)
            as recent_level,
        -- 1.4826 medians of the absolute difference are a standard deviation of the normal law;
        -- a week's own level takes one of its seven degrees of freedom: 1.0801 = sqrt(7/6)
        1.4826 * 1.0801 * median(abs(differences.difference - weeks.level)) as spread
    from differences
    inner join weeks
        on
        differences.measure = weeks.measure
        and differences.day = weeks.day
        and differences.weeks_ago = weeks.weeks_ago
    group by
        differences.measure,
        differences.day

),

expected as (

    select
        judged.measure,
        judged.day,
        judged.total,
        judged.root_shift,
        spreads.days_compared,
        greatest(weekdays.usual_root + spreads.recent_level, 0.0) as expected_root,
        -- counts vary at least by pure chance, whose root has a deviation of a half
        greatest(
            spreads.spread,
            case when judged.measure = 'net_revenue' then 0.02 * weekdays.usual_root else 0.5 end
        ) as spread
    from judged
    inner join spreads
        on
        judged.measure = spreads.measure
        and judged.day = spreads.day
    inner join weekdays
        on
        judged.measure = weekdays.measure
        and judged.day = weekdays.day
        and judged.iso_weekday = weekdays.iso_weekday
    where spreads.days_compared = {{ window_days }}

),

bounds as (

    select
        measure,
        day,
        expected_root * expected_root - root_shift as expected,
        power(greatest(expected_root - {{ var('plausibility_width') }} * spread, 0.0), 2)
        - root_shift as expected_low,
        root_shift > 0 as is_count,
        power(expected_root + {{ var('plausibility_width') }} * spread, 2)
        - root_shift as expected_high
    from expected

),

ranges as (

    select
        measure,
        day,
        cast(greatest(expected, 0.0) as decimal(18, 2)) as expected,
        -- the root of a small count falls faster than chance does: a count just above is in
        cast(
            greatest(case when is_count then floor(expected_low) else expected_low end, 0.0)
            as decimal(18, 2)
        ) as expected_low,
        cast(expected_high as decimal(18, 2)) as expected_high
    from bounds

),

final as (

    select
        judged.day,
        judged.measure,
        judged.total,
        ranges.expected,
        ranges.expected_low,
        ranges.expected_high,
        judged.total < ranges.expected_low or judged.total > ranges.expected_high as is_outside
    from judged
    left join ranges
        on
        judged.measure = ranges.measure
        and judged.day = ranges.day

)

select * from final
