-- One row per dated change of the business, planned ones included, with the people it is limited to
-- as a dimension's value in the marts' own words; both null where it is for everybody.
{{ config(materialized='view') }}
with

business_changes as (

    select
        source_name,
        change_id,
        name,
        kind,
        effective_on,
        nullif(scope_dimension, 'all') as scope_dimension,
        scope_value
    from {{ ref('stg_business_changes') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

final as (

    select
        prefixes.id_prefix || business_changes.change_id as change_id,
        business_changes.source_name,
        business_changes.name,
        business_changes.kind,
        business_changes.effective_on,
        business_changes.scope_dimension,
        case
            when business_changes.scope_dimension is null then null
            -- what holds ids
            when business_changes.scope_dimension in ('account_owner', 'product')
                then prefixes.id_prefix || business_changes.scope_value
            else business_changes.scope_value
        end as scope_value
    from business_changes
    inner join prefixes
        on business_changes.source_name = prefixes.source_name

)

select * from final
