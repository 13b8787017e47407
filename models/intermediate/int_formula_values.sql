-- One row per basis and value of a dimension: churn, lifetime and revenue a year of its customers
-- over the last 6 complete months, and the formula values of a customer (definitions §5, Formula).
-- Customers, opening and lost are those of retention_rates: who is paused inside the grace is one.
-- Orders: net revenue of the revenue_window_days before the latest close; subscriptions: 12 × MRR.
{% set months = 6 %}
with

balances as (

    select
        basis,
        dimension,
        value,
        period_start,
        opening,
        lost,
        closing
    from {{ ref('int_retention_balances') }}
    where grain = 'month' and basis in ('orders', 'subscriptions')

),

revenue_ends as (

    select
        basis,
        period_start,
        value_number,
        closing_amount
    from {{ ref('int_revenue_ends') }}
    where grain = 'month'

),

periods as (

    select
        period_start,
        row_number() over (order by period_start desc nulls last) as months_back
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

margin_rate as (

    select
        margin_rate,
        margin_reason
    from {{ ref('int_margin_rate') }}

),

recent as (

    select
        balances.basis,
        balances.dimension,
        balances.value,
        count(*) as complete_months,
        cast(sum(balances.opening) as bigint) as opening_customers,
        cast(sum(balances.lost) as bigint) as lost_customers,
        max(case when periods.months_back = 1 then balances.closing end) as customers,
        max(case when periods.months_back = 1 then coalesce(revenue_ends.closing_amount, 0) end)
            as closing_amount,
        max(case when periods.months_back = 1 then periods.period_start end) as through_month
    from balances
    inner join periods
        on balances.period_start = periods.period_start
    inner join value_numbers
        on
        balances.dimension = value_numbers.dimension
        and balances.value = value_numbers.value
    left join revenue_ends
        on
        balances.basis = revenue_ends.basis
        and value_numbers.value_number = revenue_ends.value_number
        and balances.period_start = revenue_ends.period_start
    where periods.months_back <= {{ months }}
    group by
        balances.basis,
        balances.dimension,
        balances.value
    -- a value that nobody has had since is no row
    having sum(balances.opening + balances.closing) > 0

),

rates as (

    select
        basis,
        dimension,
        value,
        complete_months,
        coalesce(customers, 0) as customers,
        opening_customers,
        lost_customers,
        through_month,
        cast(lost_customers as double) / nullif(cast(opening_customers as double), 0)
            as monthly_churn_rate,
        cast(closing_amount as double)
        * case basis
            when 'subscriptions' then 12
            else cast(365 as double) / nullif({{ var('revenue_window_days') }}, 0)
        end / nullif(cast(customers as double), 0) as annual_revenue
    from recent

),

final as (

    select
        rates.basis,
        rates.dimension,
        rates.value,
        rates.through_month,
        rates.customers,
        rates.opening_customers,
        rates.lost_customers,
        rates.monthly_churn_rate,
        rates.annual_revenue,
        margin_rate.margin_rate,
        margin_rate.margin_reason,
        case
            when rates.complete_months < {{ months }} then 'fewer than {{ months }} complete months'
            when rates.customers < {{ var('min_customers') }}
                then 'fewer than {{ var("min_customers") }} customers'
            when rates.opening_customers < {{ var('min_customers') * months }}
                then 'fewer than {{ var("min_customers") }} customers at open, on average over '
                    || '{{ months }} months'
            when rates.lost_customers = 0 then 'nobody was lost: no end of a lifetime is in sight'
        end as reason,
        case
            when
                rates.complete_months >= {{ months }} and rates.lost_customers > 0
                and rates.customers >= {{ var('min_customers') }}
                and rates.opening_customers >= {{ var('min_customers') * months }}
                then
                    least(
                        1 / nullif(12 * rates.monthly_churn_rate, 0),
                        {{ var('value_horizon_years') }}
                    )
        end as lifetime_years,
        rates.monthly_churn_rate * 12 * {{ var('value_horizon_years') }} < 1 as is_capped
    from rates
    cross join margin_rate

)

select * from final
