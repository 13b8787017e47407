-- Order basis and refund basis are one total (definitions §1, Money): what an order's period loses
-- to refunds is what its refunds take on their own days; orders that do not count are worth nothing
-- and say why; and every order delivered before the cutoff is there (E41, E47).
with

order_refunds as (

    select
        order_id,
        sum(net_refund) as net_refunds,
        sum(refund_amount) as refund_amount
    from {{ ref('refunds') }}
    where is_counted and not is_orphan
    group by order_id

),

delivered as (

    select count(*) as orders
    from {{ ref('stg_orders') }} as orders
    cross join {{ ref('int_data_cutoff') }} as cutoff
    where orders.ordered_at < cutoff.data_cutoff

),

kept as (

    select count(*) as orders
    from {{ ref('orders') }}

)

select
    coalesce(orders.order_id, order_refunds.order_id) as order_id,
    'amounts' as what
from {{ ref('orders') }} as orders
full outer join order_refunds
    on orders.order_id = order_refunds.order_id
where
    orders.order_id is null
    or orders.net_refunds <> coalesce(order_refunds.net_refunds, 0)
    or orders.net_revenue <> orders.net_revenue_before_refunds - orders.net_refunds
    or (orders.is_valid and orders.invalid_reason is not null)
    or (not orders.is_valid and (
        orders.invalid_reason is null
        or orders.net_revenue <> 0
        or orders.total_paid <> 0
        or orders.is_purchase
    ))

union all

select
    'delivered ' || cast(delivered.orders as string) || ', kept ' || cast(kept.orders as string)
        as order_id,
    'orders' as what
from delivered
cross join kept
where delivered.orders <> kept.orders
