-- One row per stretch of time over which revenue is compared point to point (definitions §4,
-- Rates): each month, quarter and year, and at each month the twelve months that end with it. Opens
-- at the close of opening_month, closes at that of closing_month (numbers of months).
with

periods as (

    select
        grain,
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain <> 'week'

),

months as (

    select
        period_number,
        period_end,
        is_complete,
        is_final,
        min(period_number) over () as first_month,
        max(period_number) over () as last_month
    from periods
    where grain = 'month'

),

last_months as (

    select max(last_month) as last_month
    from months

),

calendar_windows as (

    select
        periods.grain,
        periods.grain as dimension_grain,
        periods.period_start,
        periods.period_end,
        {{ period_number("'month'", 'periods.period_start') }} - 1 as opening_month,
        least(
            {{ period_number("'month'", add_days('periods.period_end', -1)) }},
            last_months.last_month
        ) as closing_month,
        periods.is_complete,
        periods.is_final
    from periods
    cross join last_months

),

-- Twelve months are built for the dimensions built by year, so that rows stay few.
trailing_windows as (

    select
        'trailing_12_months' as grain,
        'year' as dimension_grain,
        {{ period_first_day("'month'", '(period_number - 11)') }} as period_start,
        period_end,
        period_number - 12 as opening_month,
        period_number as closing_month,
        is_complete,
        is_final
    from months
    where period_number - 11 >= first_month

),

final as (

    select
        grain,
        dimension_grain,
        period_start,
        period_end,
        opening_month,
        closing_month,
        is_complete,
        is_final
    from calendar_windows

    union all

    select
        grain,
        dimension_grain,
        period_start,
        period_end,
        opening_month,
        closing_month,
        is_complete,
        is_final
    from trailing_windows

)

select * from final
