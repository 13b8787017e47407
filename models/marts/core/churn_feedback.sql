-- One row per reason recorded before the cutoff for the leaving of a known person: any number per
-- person, from customers, staff and surveys side by side (definitions §7, Reasons). Test accounts
-- are not here.
with

churn_feedback as (

    select
        feedback_id,
        customer_id,
        recorded_at,
        recorded_on,
        reason_code,
        given_by,
        employee_id
    from {{ ref('int_churn_feedback_known') }}

),

final as (

    select * from churn_feedback

)

select * from final
