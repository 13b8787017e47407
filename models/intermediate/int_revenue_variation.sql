-- One row per person with a valid order: standard deviation ÷ mean of their revenue over the whole
-- months of the last 12 since their first order, months without revenue as 0 (definitions §6, XYZ).
-- Null below 6 months and where the mean is not above 0.
with

months as (

    select period_number
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

last_months as (

    select max(period_number) as last_month
    from months

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

month_revenue as (

    select
        customer_id,
        {{ period_number("'month'", 'ordered_on') }} as period_number,
        cast(sum(net_revenue) * 100 as decimal(15, 0)) as cents
    from orders
    group by
        customer_id,
        {{ period_number("'month'", 'ordered_on') }}

),

first_months as (

    select
        customer_id,
        min(period_number) as first_month
    from month_revenue
    group by customer_id

),

bounds as (

    select
        first_months.customer_id,
        last_months.last_month,
        greatest(first_months.first_month, last_months.last_month - 11) as from_month
    from first_months
    cross join last_months

),

-- months without revenue add nothing to either sum
sums as (

    select
        bounds.customer_id,
        max(bounds.last_month - bounds.from_month + 1) as months,
        coalesce(sum(month_revenue.cents), 0) as cents,
        coalesce(sum(month_revenue.cents * month_revenue.cents), 0) as squares
    from bounds
    left join month_revenue
        on
        bounds.customer_id = month_revenue.customer_id
        and bounds.from_month <= month_revenue.period_number
        and bounds.last_month >= month_revenue.period_number
    group by bounds.customer_id

),

final as (

    select
        customer_id,
        cast(greatest(months, 0) as integer) as months,
        {{ variation('months', 'cents', 'squares') }} as variation
    from sums

)

select * from final
