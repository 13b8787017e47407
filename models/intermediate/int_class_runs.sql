-- One row per measure of int_class_breaks, stretch (above_value, to_value] of its values between
-- two breaks of any month, and run of months in which it has the same level: small, however many
-- people there are. The level is 1 where no break lies below. new_level is that of a brand-new
-- customer: 5 in recency where nobody's is better, however many share the last day (E99).
with

breaks as (

    select
        measure,
        month_number,
        level,
        above_value
    from {{ ref('int_class_breaks') }}

),

latest_days as (

    select
        month_number,
        max(bucket) as latest_day
    from {{ ref('int_class_histograms') }}
    where measure = 'recency' and people > 0
    group by month_number

),

months as (

    select
        period_number as month_number,
        {{ add_days('period_end', -1) }} as in_force_from
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

measures as (

    select 'recency' as measure

    union all

    select 'frequency' as measure

    union all

    select 'monetary' as measure

    union all

    select 'value_class' as measure

),

edges as (

    select
        measure,
        above_value
    from breaks

    union

    -- below every value there can be
    select
        measure,
        cast(-1000000000000000000 as bigint) as above_value
    from measures

),

value_stretches as (

    select
        measure,
        above_value,
        lead(above_value) over (partition by measure order by above_value nulls first) as to_value
    from edges

),

levels as (

    select
        value_stretches.measure,
        value_stretches.above_value,
        value_stretches.to_value,
        months.month_number,
        months.in_force_from,
        1 + count(breaks.level) as level
    from value_stretches
    cross join months
    left join breaks
        on
        value_stretches.measure = breaks.measure
        and months.month_number = breaks.month_number
        and value_stretches.above_value >= breaks.above_value
    group by
        value_stretches.measure,
        value_stretches.above_value,
        value_stretches.to_value,
        months.month_number,
        months.in_force_from

),

best_levels as (

    select
        levels.month_number,
        max(levels.level) as best_level
    from levels
    inner join latest_days
        on
        levels.month_number = latest_days.month_number
        and levels.above_value < latest_days.latest_day
    where levels.measure = 'recency'
    group by levels.month_number

),

new_levels as (

    select
        levels.measure,
        levels.above_value,
        levels.to_value,
        levels.month_number,
        levels.in_force_from,
        levels.level,
        case
            when levels.measure = 'recency' and levels.level >= best_levels.best_level then 5
            else levels.level
        end as new_level
    from levels
    left join best_levels
        on levels.month_number = best_levels.month_number

),

changes as (

    select
        measure,
        above_value,
        to_value,
        in_force_from,
        level,
        new_level,
        lag(level) over (
            partition by measure, above_value
            order by month_number nulls first
        ) as previous_level,
        lag(new_level) over (
            partition by measure, above_value
            order by month_number nulls first
        ) as previous_new_level
    from new_levels
    qualify
        previous_level is distinct from level
        or previous_new_level is distinct from new_level

),

final as (

    select
        measure,
        above_value,
        to_value,
        cast(level as integer) as level,
        cast(new_level as integer) as new_level,
        in_force_from as run_from,
        lead(in_force_from) over (
            partition by measure, above_value
            order by in_force_from nulls first
        ) as run_to
    from changes

)

select * from final
