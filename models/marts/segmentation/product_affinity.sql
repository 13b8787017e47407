-- One row per ordered pair of products bought together often enough: of the orders with the one,
-- the share that has the other too (definitions §6). Products in fewer orders than
-- affinity_min_support are left out before any pair is made: no pair of theirs can be in more.
-- Quantities do not count.
with

baskets as (

    select
        order_number,
        product_number,
        product_id,
        product_orders
    from {{ ref('int_baskets') }}

),

totals as (

    select count(distinct order_number) as orders
    from baskets

),

often_bought as (

    select
        baskets.order_number,
        baskets.product_number
    from baskets
    cross join totals
    where baskets.product_orders >= {{ var('affinity_min_support') }} * totals.orders

),

pairs as (

    select
        often_bought.product_number,
        with_it.product_number as other_number,
        count(*) as both_orders
    from often_bought
    inner join often_bought as with_it
        on
        often_bought.order_number = with_it.order_number
        and often_bought.product_number < with_it.product_number
    group by
        often_bought.product_number,
        with_it.product_number

),

often_together as (

    select
        pairs.product_number,
        pairs.other_number,
        pairs.both_orders,
        totals.orders
    from pairs
    cross join totals
    where pairs.both_orders >= {{ var('affinity_min_support') }} * totals.orders

),

both_ways as (

    select
        product_number,
        other_number,
        both_orders,
        orders
    from often_together

    union all

    select
        other_number as product_number,
        product_number as other_number,
        both_orders,
        orders
    from often_together

),

products as (

    select distinct
        product_number,
        product_id,
        product_orders
    from baskets

),

final as (

    select
        products.product_id,
        others.product_id as other_product_id,
        both_ways.orders,
        products.product_orders,
        others.product_orders as other_orders,
        both_ways.both_orders,
        {{ share('both_ways.both_orders', 'both_ways.orders') }} as support,
        {{ share('both_ways.both_orders', 'products.product_orders') }} as confidence,
        cast(both_ways.both_orders as double) * cast(both_ways.orders as double)
        / nullif(
            cast(products.product_orders as double) * cast(others.product_orders as double), 0
        ) as lift,
        both_ways.both_orders < {{ var('small_cell_size') }} as is_small
    from both_ways
    inner join products
        on both_ways.product_number = products.product_number
    inner join products as others
        on both_ways.other_number = others.product_number

)

select * from final
