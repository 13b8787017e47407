-- One row per person and completed onboarding step.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

onboarding_events as (

    select
        _source as source_name,
        customer_id,
        step,
        completed_at,
        {{ local_day('completed_at') }} as completed_on
    from {{ source('landing', 'onboarding_events') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from onboarding_events

)

select * from final
