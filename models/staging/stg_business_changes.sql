-- One row per dated change of price, product, service or programme.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

business_changes as (

    select
        _source as source_name,
        change_id,
        name,
        kind,
        effective_on,
        scope_dimension,
        scope_value
    from {{ source('landing', 'business_changes') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from business_changes

)

select * from final
