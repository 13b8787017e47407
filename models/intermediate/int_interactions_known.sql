-- One row per contact before the cutoff between the business and a known person. Test accounts are
-- not here. cost is in reporting currency, as delivered; what an unpriced contact costs is decided
-- where cost of serving is.
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

interactions as (

    select
        source_name,
        interaction_id,
        customer_id,
        employee_id,
        occurred_at,
        occurred_on,
        channel,
        direction,
        duration_minutes,
        cost,
        topic,
        outcome
    from {{ ref('stg_interactions') }}

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
        prefixes.id_prefix || interactions.interaction_id as interaction_id,
        interactions.source_name,
        identities.customer_id,
        prefixes.id_prefix || interactions.employee_id as employee_id,
        interactions.occurred_at,
        interactions.occurred_on,
        interactions.channel,
        interactions.direction,
        interactions.duration_minutes,
        {{ round_money('interactions.cost') }} as cost,
        interactions.topic,
        interactions.outcome
    from interactions
    cross join data_cutoff
    inner join prefixes
        on interactions.source_name = prefixes.source_name
    inner join identities
        on interactions.source_name = identities.source_name
        and interactions.customer_id = identities.source_customer_id
    where interactions.occurred_at < data_cutoff.data_cutoff

)

select * from final
