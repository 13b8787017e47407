-- One row per local day of every year in which a published period begins: from that of the week of
-- the first day of history to that of the last forecast month, of every goal, and of spend and
-- refunds before history. Days after the cutoff are there and not complete.
with

history as (

    select
        first_day,
        cutoff_day
    from {{ ref('int_history_bounds') }}

),

goals as (

    select
        min(period_start) as first_start,
        max(period_start) as last_start
    from {{ ref('goals') }}

),

spend as (

    select min(spent_on) as first_spent_on
    from {{ ref('int_marketing_spend') }}

),

-- of orders older than history: they have their own month in revenue_growth (E33)
refunds as (

    select min(refunded_on) as first_refunded_on
    from {{ ref('refunds') }}
    where is_counted

),

-- forecasts reach 12 months beyond the latest complete one
bounds as (

    select
        make_date(
            year(
                least(
                    {{ period_first_day("'week'", period_number("'week'", 'history.first_day')) }},
                    coalesce(goals.first_start, history.first_day),
                    coalesce(spend.first_spent_on, history.first_day),
                    coalesce(refunds.first_refunded_on, history.first_day)
                )
            ),
            1,
            1
        ) as first_day,
        make_date(
            year(
                greatest(
                    {{ add_months('history.cutoff_day', 12) }},
                    coalesce(goals.last_start, history.cutoff_day)
                )
            ),
            12,
            31
        ) as last_day,
        history.cutoff_day
    from history
    cross join goals
    cross join spend
    cross join refunds

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
        {{ add_days('bounds.first_day', 'numbers.number') }} as day,
        bounds.cutoff_day
    from numbers
    inner join bounds
        on numbers.number <= {{ days_between('bounds.first_day', 'bounds.last_day') }}

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
