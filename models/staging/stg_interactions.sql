-- One row per contact between the business and a customer.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

interactions as (

    select
        _source as source_name,
        interaction_id,
        customer_id,
        employee_id,
        occurred_at,
        channel,
        direction,
        duration_minutes,
        cost,
        topic,
        outcome,
        {{ local_day('occurred_at') }} as occurred_on
    from {{ source('landing', 'interactions') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from interactions

)

select * from final
