-- One row per line of a valid order that carries its net revenue (order basis), with its share: by
-- line amount, or by units where all are 0. Gift cards, shipping, fees and lines without units
-- carry none; an order without another line is one unit of product (none). Shares have 6 decimals,
-- rounded to money where they are summed; margin is null where the line's cost is unknown.
with

orders as (

    select
        order_id,
        customer_id,
        ordered_on,
        net_revenue,
        is_purchase
    from {{ ref('orders') }}
    where is_valid

),

lines as (

    select
        order_id,
        order_item_id,
        coalesce(product_id, '(none)') as product_id,
        quantity as units,
        line_cost,
        cast(greatest(line_amount, 0) as decimal(18, 6)) as weight
    from {{ ref('int_order_items_known') }}
    where quantity > 0 and is_good_or_service

),

order_lines as (

    select
        order_id,
        sum(units) as units,
        sum(weight) as weight
    from lines
    group by order_id

),

weighed as (

    select
        orders.order_id,
        lines.order_item_id,
        orders.customer_id,
        orders.ordered_on,
        orders.is_purchase,
        lines.line_cost,
        coalesce(lines.product_id, '(none)') as product_id,
        coalesce(lines.units, 1) as units,
        orders.net_revenue,
        case when order_lines.weight > 0 then lines.weight else lines.units end as part,
        case when order_lines.weight > 0 then order_lines.weight else order_lines.units end
            as whole
    from orders
    left join order_lines
        on orders.order_id = order_lines.order_id
    left join lines
        on orders.order_id = lines.order_id

),

-- the macro reckons in cents: 10,000 times an amount keeps 6 decimals of it
valued as (

    select
        order_id,
        order_item_id,
        customer_id,
        ordered_on,
        product_id,
        line_cost,
        is_purchase,
        cast(units as decimal(18, 6)) as units,
        case
            when whole is null or part = whole then cast(net_revenue as decimal(18, 6))
            else cast(
                {{ prorate_money(
                    'cast(net_revenue * 10000 as decimal(18, 2))',
                    'part * 10000',
                    'whole * 10000'
                ) }} * cast(0.0001 as decimal(5, 4)) as decimal(18, 6)
                )
        end as net_revenue
    from weighed

),

final as (

    select
        order_id,
        order_item_id,
        customer_id,
        ordered_on,
        product_id,
        units,
        net_revenue,
        cast(net_revenue - line_cost as decimal(18, 6)) as margin,
        is_purchase
    from valued

)

select * from final
