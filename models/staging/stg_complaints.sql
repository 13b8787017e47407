-- One row per complaint.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

complaints as (

    select
        _source as source_name,
        complaint_id,
        customer_id,
        opened_at,
        first_response_at,
        resolved_at,
        reopened_at,
        category,
        severity,
        status,
        channel,
        order_id,
        product_id,
        employee_id,
        {{ local_day('opened_at') }} as opened_on,
        {{ local_day('first_response_at') }} as first_response_on,
        {{ local_day('resolved_at') }} as resolved_on,
        {{ local_day('reopened_at') }} as reopened_on
    from {{ source('landing', 'complaints') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from complaints

)

select * from final
