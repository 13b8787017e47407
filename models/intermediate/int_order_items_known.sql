-- One row per line of an order placed before the cutoff, with its product. Line totals are native
-- and rounded; costs are exact and in reporting currency, null where the product's unit cost is
-- unknown.
{{ config(materialized='view') }}
with

orders as (

    select
        source_name,
        source_order_id
    from {{ ref('int_orders_as_known') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

order_items as (

    select
        source_name,
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        coalesce(discount_amount, 0) as discount_amount
    from {{ ref('stg_order_items') }}

),

products as (

    select
        source_name,
        product_id,
        category,
        kind,
        unit_cost
    from {{ ref('stg_products') }}

),

final as (

    select
        prefixes.id_prefix || order_items.order_item_id as order_item_id,
        prefixes.id_prefix || order_items.order_id as order_id,
        prefixes.id_prefix || order_items.product_id as product_id,
        products.category,
        products.kind,
        order_items.quantity,
        order_items.unit_price,
        {{ round_money('order_items.discount_amount') }} as discount_amount,
        {{ round_money(
            line_total('order_items.quantity', 'order_items.unit_price')
            ~ ' - order_items.discount_amount'
        ) }} as line_amount,
        -- a gift card brings no revenue and so costs none (E36); carriage and fees rarely state one
        case
            when products.kind = 'gift_card' then 0
            when products.kind in ('shipping', 'fee')
                then coalesce({{ line_total('order_items.quantity', 'products.unit_cost') }}, 0)
            else {{ line_total('order_items.quantity', 'products.unit_cost') }}
        end as line_cost,
        coalesce(products.kind = 'gift_card', false) as is_gift_card,
        {{ is_good_or_service('products.kind') }} as is_good_or_service
    from order_items
    inner join orders
        on order_items.source_name = orders.source_name
        and order_items.order_id = orders.source_order_id
    inner join prefixes
        on order_items.source_name = prefixes.source_name
    left join products
        on order_items.source_name = products.source_name
        and order_items.product_id = products.product_id

)

select * from final
