-- One row per person lost at the cutoff who had a valid order: how evenly revenue came in the whole
-- months of the 12 before the month of the loss, since their first order (definitions §6 XYZ, §7),
-- so that the months of silence do not count. As int_revenue_variation, but as at the loss.
with

losses as (

    select
        customer_id,
        {{ period_number("'month'", 'lost_on') }} - 1 as last_month
    from {{ ref('int_losses') }}
    where returned_on is null

),

orders as (

    select
        customer_id,
        {{ period_number("'month'", 'ordered_on') }} as period_number,
        net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

month_revenue as (

    select
        losses.customer_id,
        losses.last_month,
        orders.period_number,
        cast(sum(orders.net_revenue) * 100 as decimal(15, 0)) as cents
    from losses
    inner join orders
        on losses.customer_id = orders.customer_id
    group by
        losses.customer_id,
        losses.last_month,
        orders.period_number

),

sums as (

    select
        customer_id,
        {{ variation_months('period_number', 'last_month') }} as months,
        {{ variation_sum('cents', 'period_number', 'last_month') }} as cents,
        {{ variation_sum('cents * cents', 'period_number', 'last_month') }} as squares
    from month_revenue
    group by
        customer_id,
        last_month

),

final as (

    select
        customer_id,
        cast(months as integer) as months,
        {{ xyz_class(variation('months', 'cents', 'squares')) }} as xyz_class
    from sums

)

select * from final
