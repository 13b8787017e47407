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

sums as (

    select
        month_revenue.customer_id,
        {{ variation_months('month_revenue.period_number', 'last_months.last_month') }} as months,
        {{ variation_sum(
            'month_revenue.cents', 'month_revenue.period_number', 'last_months.last_month'
        ) }} as cents,
        {{ variation_sum(
            'month_revenue.cents * month_revenue.cents',
            'month_revenue.period_number',
            'last_months.last_month'
        ) }} as squares
    from month_revenue
    cross join last_months
    group by
        month_revenue.customer_id,
        last_months.last_month

),

final as (

    select
        customer_id,
        cast(months as integer) as months,
        {{ variation('months', 'cents', 'squares') }} as variation
    from sums

)

select * from final
