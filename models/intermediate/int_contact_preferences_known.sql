-- One row per change of consent before the cutoff by an account of a known person and channel; the
-- latest at a day counts, and no row means that nothing was said. Two accounts of one person may
-- have changed theirs at one instant. Test accounts are not here.
{{ config(materialized='view') }}
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

contact_preferences as (

    select
        source_name,
        customer_id,
        channel,
        opted_in,
        changed_at,
        changed_on
    from {{ ref('stg_contact_preferences') }}

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
        contact_preferences.source_name,
        contact_preferences.customer_id as source_customer_id,
        identities.customer_id,
        contact_preferences.channel,
        contact_preferences.opted_in,
        contact_preferences.changed_at,
        contact_preferences.changed_on
    from contact_preferences
    cross join data_cutoff
    inner join identities
        on contact_preferences.source_name = identities.source_name
        and contact_preferences.customer_id = identities.source_customer_id
    where contact_preferences.changed_at < data_cutoff.data_cutoff

)

select * from final
