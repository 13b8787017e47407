-- One row per basis and value of a dimension: churn, lifetime and revenue a year of its customers
-- over the last 6 complete months, and the formula values of a customer (definitions §5, Formula).
-- Orders: net revenue of the revenue_window_days before the latest close; subscriptions: 12 × MRR.
{% set months = 6 %}
with

revenue_ends as (

    select
        basis,
        period_start,
        value_number,
        opening_customers,
        closing_customers,
        closing_amount
    from {{ ref('int_revenue_ends') }}
    where grain = 'month'

),

revenue_flows as (

    select
        basis,
        period_start,
        value_number,
        lost_customers
    from {{ ref('int_revenue_flows') }}
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
        revenue_ends.basis,
        revenue_ends.value_number,
        count(*) as complete_months,
        cast(sum(revenue_ends.opening_customers) as bigint) as opening_customers,
        cast(sum(coalesce(revenue_flows.lost_customers, 0)) as bigint) as lost_customers,
        max(case when periods.months_back = 1 then revenue_ends.closing_customers end)
            as customers,
        max(case when periods.months_back = 1 then revenue_ends.closing_amount end)
            as closing_amount,
        max(case when periods.months_back = 1 then periods.period_start end) as through_month
    from revenue_ends
    inner join periods
        on revenue_ends.period_start = periods.period_start
    left join revenue_flows
        on
        revenue_ends.basis = revenue_flows.basis
        and revenue_ends.value_number = revenue_flows.value_number
        and revenue_ends.period_start = revenue_flows.period_start
    where periods.months_back <= {{ months }}
    group by
        revenue_ends.basis,
        revenue_ends.value_number

),

rates as (

    select
        basis,
        value_number,
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
        value_numbers.dimension,
        value_numbers.value,
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
    inner join value_numbers
        on rates.value_number = value_numbers.value_number
    cross join margin_rate

)

select * from final
