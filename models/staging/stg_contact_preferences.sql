-- One row per person, channel and change of consent; the latest at a day counts.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

contact_preferences as (

    select
        _source as source_name,
        customer_id,
        channel,
        opted_in,
        changed_at,
        {{ local_day('changed_at') }} as changed_on
    from {{ source('landing', 'contact_preferences') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from contact_preferences

)

select * from final
