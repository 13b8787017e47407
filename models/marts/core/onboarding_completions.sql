-- One row per person and onboarding step completed before the cutoff, at its first completion by
-- any of the person's accounts.
with

onboarding_events as (

    select
        customer_id,
        step,
        completed_at,
        completed_on
    from {{ ref('int_onboarding_known') }}

),

final as (

    select
        customer_id,
        step,
        min(completed_at) as completed_at,
        min(completed_on) as completed_on
    from onboarding_events
    group by
        customer_id,
        step

)

select * from final
