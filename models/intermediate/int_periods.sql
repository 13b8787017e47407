-- One row per grain (week, month, quarter, year) and period, from that of the first day of history
-- to the one that holds the cutoff day. period_end is exclusive.
with

history as (

    select
        first_day,
        cutoff_day
    from {{ ref('int_history_bounds') }}

),

grains as (

    select 'week' as grain

    union all

    select 'month' as grain

    union all

    select 'quarter' as grain

    union all

    select 'year' as grain

),

days as (

    select day
    from {{ ref('calendar') }}

),

numbers as (

    select distinct
        grains.grain,
        {{ period_number('grains.grain', 'days.day') }} as period_number
    from grains
    cross join days
    inner join history
        on days.day >= history.first_day
        and days.day <= history.cutoff_day

),

bounds as (

    select
        grain,
        period_number,
        {{ period_first_day('grain', 'period_number') }} as period_start,
        {{ period_first_day('grain', 'period_number + 1') }} as period_end
    from numbers

),

-- A period is over when the cutoff day is its last day or later.
final as (

    select
        bounds.grain,
        bounds.period_number,
        bounds.period_start,
        bounds.period_end,
        bounds.period_end <= {{ add_days('history.cutoff_day', 1) }} as is_complete,
        {{ add_days('bounds.period_end', var('settle_days')) }}
        <= {{ add_days('history.cutoff_day', 1) }} as is_final,
        bounds.period_start <= history.cutoff_day
        and bounds.period_end > history.cutoff_day as is_running
    from bounds
    cross join history

)

select * from final
