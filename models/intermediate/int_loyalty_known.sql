-- One row per movement of points before the cutoff of a known person (definitions §1 Cutoff,
-- Person): above 0 earned, below 0 redeemed or expired. Points add up. Test accounts are not here.
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

loyalty_events as (

    select
        source_name,
        event_id,
        customer_id,
        occurred_at,
        occurred_on,
        action,
        points
    from {{ ref('stg_loyalty_events') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

final as (

    select
        prefixes.id_prefix || loyalty_events.event_id as event_id,
        loyalty_events.source_name,
        identities.customer_id,
        loyalty_events.occurred_at,
        loyalty_events.occurred_on,
        loyalty_events.action,
        loyalty_events.points
    from loyalty_events
    cross join data_cutoff
    inner join prefixes
        on loyalty_events.source_name = prefixes.source_name
    inner join identities
        on loyalty_events.source_name = identities.source_name
        and loyalty_events.customer_id = identities.source_customer_id
    where loyalty_events.occurred_at < data_cutoff.data_cutoff

)

select * from final
