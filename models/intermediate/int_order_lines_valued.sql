-- One row per line of a valid order, gift cards apart, with its share of the order's net revenue:
-- by line amount, on the running total, so that an order's lines add up to the order to the cent
-- (order basis: what was refunded is taken from all its lines alike). Where all lines are 0 the
-- first has all. Margin is null where the line's cost is unknown.
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
        order_item_id,
        order_id,
        product_id,
        category,
        kind,
        quantity,
        line_amount,
        line_cost
    from {{ ref('int_order_items_known') }}
    where not is_gift_card

),

running as (

    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_on,
        orders.is_purchase,
        orders.net_revenue as order_revenue,
        lines.order_item_id,
        lines.product_id,
        lines.category,
        lines.kind,
        lines.quantity,
        lines.line_cost,
        cast(lines.line_amount as decimal(18, 2)) as line_amount,
        row_number() over order_lines as line_number,
        cast(sum(lines.line_amount) over order_lines as decimal(18, 2)) as amount_to,
        cast(sum(lines.line_amount) over (partition by lines.order_id) as decimal(18, 2))
            as order_amount
    from lines
    inner join orders
        on lines.order_id = orders.order_id
    window
        order_lines as (
            partition by lines.order_id
            order by lines.order_item_id nulls first
            rows between unbounded preceding and current row
        )

),

valued as (

    select
        order_item_id,
        order_id,
        customer_id,
        ordered_on,
        product_id,
        category,
        kind,
        quantity,
        line_cost,
        is_purchase,
        cast(
            case
                when order_amount = 0
                    then case when line_number = 1 then order_revenue else 0 end
                else
                    {{ prorate_money(
                        'order_revenue', 'amount_to', 'order_amount', var('money_decimals')
                    ) }}
                    - {{ prorate_money(
                        'order_revenue', '(amount_to - line_amount)', 'order_amount',
                        var('money_decimals')
                    ) }}
            end as decimal(18, 2)
        ) as net_revenue
    from running

),

final as (

    select
        order_item_id,
        order_id,
        customer_id,
        ordered_on,
        product_id,
        category,
        kind,
        quantity,
        net_revenue,
        {{ round_money('net_revenue - line_cost') }} as margin,
        is_purchase
    from valued

)

select * from final
