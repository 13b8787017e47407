-- One row per account of a known person, local day up to the cutoff day and feature used
-- (definitions §1 Cutoff, Person). Two accounts of one person may have used one feature on one day.
-- Test accounts are not here.
{{ config(materialized='view') }}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

product_usage as (

    select
        source_name,
        customer_id,
        used_on,
        feature,
        product_id,
        sessions,
        events,
        minutes
    from {{ ref('stg_product_usage') }}

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
        product_usage.source_name,
        product_usage.customer_id as source_customer_id,
        identities.customer_id,
        product_usage.used_on,
        product_usage.feature,
        prefixes.id_prefix || product_usage.product_id as product_id,
        product_usage.sessions,
        product_usage.events,
        product_usage.minutes
    from product_usage
    cross join data_cutoff
    inner join prefixes
        on product_usage.source_name = prefixes.source_name
    inner join identities
        on product_usage.source_name = identities.source_name
        and product_usage.customer_id = identities.source_customer_id
    where product_usage.used_on <= data_cutoff.cutoff_day

)

select * from final
