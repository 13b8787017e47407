-- One row per refresh that was started, whether it was published, stopped by a guard, or failed
-- (definitions §9). Reads the refresh's own records straight from staging: there is nothing in
-- between to decide.
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
    from {{ ref('stg_ops_refreshes') }}

),

final as (

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
    from refreshes

)

select * from final
