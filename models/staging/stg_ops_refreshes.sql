-- One row per started refresh.
with

refreshes as (

    select
        refresh_id,
        started_at,
        finished_at,
        result,
        as_of,
        cutoff_day,
        duration_seconds,
        settings,
        code_hash,
        message
    from {{ source('ops', 'refreshes') }}

),

final as (

    select * from refreshes

)

select * from final
