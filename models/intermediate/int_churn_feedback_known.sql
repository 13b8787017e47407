-- One row per reason recorded before the cutoff for the leaving of a known person; any number per
-- person (definitions §1 Cutoff, Person). Test accounts are not here.
{{ config(materialized='view') }}
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

churn_feedback as (

    select
        source_name,
        feedback_id,
        customer_id,
        recorded_at,
        recorded_on,
        reason_code,
        given_by,
        employee_id
    from {{ ref('stg_churn_feedback') }}

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
        prefixes.id_prefix || churn_feedback.feedback_id as feedback_id,
        churn_feedback.source_name,
        identities.customer_id,
        churn_feedback.recorded_at,
        churn_feedback.recorded_on,
        churn_feedback.reason_code,
        churn_feedback.given_by,
        prefixes.id_prefix || churn_feedback.employee_id as employee_id
    from churn_feedback
    cross join data_cutoff
    inner join prefixes
        on churn_feedback.source_name = prefixes.source_name
    inner join identities
        on churn_feedback.source_name = identities.source_name
        and churn_feedback.customer_id = identities.source_customer_id
    where churn_feedback.recorded_at < data_cutoff.data_cutoff

)

select * from final
