-- One row per onboarding step completed before the cutoff by an account of a known person
-- (definitions §1, Cutoff, Person). Two accounts of one person may have completed one step each.
-- Test accounts are not here.
{{ config(materialized='view') }}
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

onboarding_events as (

    select
        source_name,
        customer_id,
        step,
        completed_at,
        completed_on
    from {{ ref('stg_onboarding_events') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

final as (

    select
        onboarding_events.source_name,
        onboarding_events.customer_id as source_customer_id,
        identities.customer_id,
        onboarding_events.step,
        onboarding_events.completed_at,
        onboarding_events.completed_on
    from onboarding_events
    cross join data_cutoff
    inner join identities
        on onboarding_events.source_name = identities.source_name
        and onboarding_events.customer_id = identities.source_customer_id
    where onboarding_events.completed_at < data_cutoff.data_cutoff

)

select * from final
