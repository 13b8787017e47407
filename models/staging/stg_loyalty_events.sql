-- One row per movement of loyalty points.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

loyalty_events as (

    select
        _source as source_name,
        event_id,
        customer_id,
        occurred_at,
        action,
        points,
        {{ local_day('occurred_at') }} as occurred_on
    from {{ source('landing', 'loyalty_events') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from loyalty_events

)

select * from final
