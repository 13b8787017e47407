-- One row per order that was delivered and does not stand: deleted at source, or held back for lack
-- of lines. Without it a refund of such an order would pass for one of an order older than the
-- history (E33).
with

orders as (

    select
        _source as source_name,
        order_id
    from {{ source('landing', 'orders') }}
    where _is_deleted or _is_held

),

final as (

    select * from orders

)

select * from final
