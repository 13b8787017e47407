-- One row per person and product bought on two days or more, but for products stated as not
-- repeatable: the own interval between such days, the mean of the last lapse_gaps gaps as in the
-- lifecycle (definitions §7, Next contacts). Only days at which something was bought count, not
-- units.
with

unrepeatable_products as (

    select product_id
    from {{ ref('products') }}
    where not is_repeatable

),

order_items as (

    select
        order_id,
        product_id
    from {{ ref('order_items') }}
    where product_id is not null and quantity > 0 and is_good_or_service

),

orders as (

    select
        order_id,
        customer_id,
        ordered_on
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null

),

purchase_days as (

    select distinct
        orders.customer_id,
        order_items.product_id,
        orders.ordered_on
    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    left join unrepeatable_products
        on order_items.product_id = unrepeatable_products.product_id
    where unrepeatable_products.product_id is null

),

latest_days as (

    select
        customer_id,
        product_id,
        ordered_on
    from purchase_days
    qualify
        row_number() over (
            partition by customer_id, product_id
            order by ordered_on desc nulls last
        ) <= {{ var('lapse_gaps') }} + 1

),

final as (

    select
        customer_id,
        product_id,
        max(ordered_on) as last_on,
        cast(count(*) - 1 as bigint) as gaps,
        cast(
            ceil(
                cast({{ days_between('min(ordered_on)', 'max(ordered_on)') }} as double)
                / nullif(cast(count(*) - 1 as double), 0)
            ) as integer
        ) as own_interval_days
    from latest_days
    group by
        customer_id,
        product_id
    having count(*) > 1

)

select * from final
