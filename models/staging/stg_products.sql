-- One row per product.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

products as (

    select
        _source as source_name,
        product_id,
        name,
        category,
        kind,
        unit_cost,
        is_repeatable,
        introduced_on
    from {{ source('landing', 'products') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from products

)

select * from final
