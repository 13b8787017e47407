-- One row per person, day and feature.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

product_usage as (

    select
        _source as source_name,
        customer_id,
        used_on,
        feature,
        product_id,
        sessions,
        events,
        minutes
    from {{ source('landing', 'product_usage') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from product_usage

)

select * from final
