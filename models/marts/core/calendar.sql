-- One row per local day, from 1 January of the first year of history to 31 December of the cutoff's
-- year. Days after the cutoff are there and not complete.
with

history as (

    select
        first_day,
        cutoff_day
    from {{ ref('int_history_bounds') }}

),

digits as (

    select 0 as digit
    {% for digit in range(1, 10) %}

        union all

        select {{ digit }} as digit
    {% endfor %}

),

-- 0 to 99,999: 273 years of days
numbers as (

    select
        ones.digit
        + 10 * tens.digit
        + 100 * hundreds.digit
        + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands

),

days as (

    select
        {{ add_days('make_date(year(history.first_day), 1, 1)', 'numbers.number') }} as day,
        history.cutoff_day
    from numbers
    inner join history
        on numbers.number <= {{ days_between(
            'make_date(year(history.first_day), 1, 1)',
            'make_date(year(history.cutoff_day), 12, 31)'
        ) }}

),

final as (

    select
        day,
        {{ iso_weekday('day') }} as iso_weekday,
        {{ period_first_day("'week'", period_number("'week'", 'day')) }} as week_start,
        {{ period_first_day("'month'", period_number("'month'", 'day')) }} as month_start,
        {{ period_first_day("'quarter'", period_number("'quarter'", 'day')) }} as quarter_start,
        {{ period_first_day("'year'", period_number("'year'", 'day')) }} as year_start,
        day <= cutoff_day as is_complete
    from days

)

select * from final
