-- One row per reason somebody gave for a customer's leaving.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

churn_feedback as (

    select
        _source as source_name,
        feedback_id,
        customer_id,
        recorded_at,
        reason_code,
        source as given_by,
        employee_id,
        note,
        {{ local_day('recorded_at') }} as recorded_on
    from {{ source('landing', 'churn_feedback') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from churn_feedback

)

select * from final
