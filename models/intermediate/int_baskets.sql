-- One row per purchase and product in it, whatever the quantity: what was bought together
-- (definitions §6, product_affinity). Carriage, fees and gift cards are no products here.
-- product_number is a number in the byte order of the ids, for one refresh only.
with

lines as (

    select distinct
        order_id,
        customer_id,
        product_id
    from {{ ref('int_order_lines_valued') }}
    where is_purchase and product_id <> '(none)'

),

product_numbers as (

    select
        product_id,
        cast(row_number() over (order by product_id nulls first) as integer) as product_number,
        count(*) as orders
    from lines
    group by product_id

),

order_numbers as (

    select
        order_id,
        row_number() over (order by order_id nulls first) as order_number
    from lines
    group by order_id

),

final as (

    select
        order_numbers.order_number,
        lines.order_id,
        lines.customer_id,
        lines.product_id,
        product_numbers.product_number,
        product_numbers.orders as product_orders
    from lines
    inner join order_numbers
        on lines.order_id = order_numbers.order_id
    inner join product_numbers
        on lines.product_id = product_numbers.product_id

)

select * from final
