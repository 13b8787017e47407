-- One row per line of an order placed before the cutoff. Lines of orders that do not count are here
-- too: join core.orders and ask for is_valid. line_amount is native and before what the order as a
-- whole was discounted.
with

order_items as (

    select
        order_item_id,
        order_id,
        product_id,
        category,
        kind,
        quantity,
        unit_price,
        discount_amount,
        line_amount,
        line_cost,
        is_gift_card,
        is_good_or_service
    from {{ ref('int_order_items_known') }}

),

final as (

    select
        order_item_id,
        order_id,
        product_id,
        category,
        kind,
        quantity,
        unit_price,
        discount_amount,
        line_amount,
        cast(round(line_cost, 2) as decimal(18, 2)) as line_cost,
        is_gift_card,
        is_good_or_service
    from order_items

)

select * from final
