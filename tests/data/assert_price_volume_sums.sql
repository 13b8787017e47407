-- The five effects are the change to the cent; values of a dimension, orders of nobody among them,
-- add up to the net revenue and the number of valid orders of the month; what a row says of the
-- month compared with is what that month's own row says (definitions §4, Price against volume).
with

price_volume as (

    select
        period_start,
        dimension,
        value,
        compared_with,
        compared_start,
        customers,
        compared_customers,
        orders,
        compared_orders,
        units,
        compared_units,
        revenue,
        compared_revenue,
        revenue_change,
        customers_effect,
        orders_per_customer_effect,
        units_per_order_effect,
        price_effect,
        mix_effect
    from {{ ref('price_volume') }}

),

orders as (

    select
        cast(date_trunc('month', ordered_on) as date) as period_start,
        count(*) as orders,
        count(distinct customer_id) as customers,
        sum(net_revenue) as revenue
    from {{ ref('orders') }}
    where is_valid
    group by cast(date_trunc('month', ordered_on) as date)

),

sums as (

    select
        period_start,
        dimension,
        compared_with,
        sum(customers) as customers,
        sum(orders) as orders,
        sum(revenue) as revenue
    from price_volume
    group by
        period_start,
        dimension,
        compared_with

)

select
    'effects' as what,
    period_start,
    dimension,
    value
from price_volume
where
    revenue_change <> revenue - compared_revenue
    or revenue_change <> customers_effect + orders_per_customer_effect + units_per_order_effect
    + price_effect + mix_effect
    or (revenue_change is null) <> (price_effect is null)

union all

select
    'totals' as what,
    sums.period_start,
    sums.dimension,
    sums.compared_with as value
from sums
left join orders
    on sums.period_start = orders.period_start
where
    sums.revenue <> coalesce(orders.revenue, 0)
    or sums.orders <> coalesce(orders.orders, 0)
    or sums.customers < coalesce(orders.customers, 0)
    or (sums.dimension = 'all' and sums.customers <> coalesce(orders.customers, 0))

union all

select
    'months' as what,
    orders.period_start,
    'all' as dimension,
    'all' as value
from orders
left join sums
    on
    orders.period_start = sums.period_start
    and sums.dimension = 'all'
where sums.period_start is null

union all

select
    'compared' as what,
    price_volume.period_start,
    price_volume.dimension,
    price_volume.value
from price_volume
left join price_volume as earlier
    on
    price_volume.compared_start = earlier.period_start
    and price_volume.compared_with = earlier.compared_with
    and price_volume.dimension = earlier.dimension
    and price_volume.value = earlier.value
where
    price_volume.compared_revenue is not null
    and (
        price_volume.compared_revenue <> coalesce(earlier.revenue, 0)
        or price_volume.compared_customers <> coalesce(earlier.customers, 0)
        or price_volume.compared_orders <> coalesce(earlier.orders, 0)
        or price_volume.compared_units <> coalesce(earlier.units, 0)
    )
