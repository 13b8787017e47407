-- One row per order line.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

order_items as (

    select
        _source as source_name,
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount
    from {{ source('landing', 'order_items') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from order_items

)

select * from final
