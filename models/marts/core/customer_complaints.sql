-- One row per complaint opened before the cutoff by a known person, as known then (definitions §1
-- Cutoff, §8).
with

complaints as (

    select
        complaint_id,
        customer_id,
        order_id,
        product_id,
        employee_id,
        category,
        severity,
        channel,
        status,
        opened_at,
        opened_on,
        first_response_at,
        first_response_on,
        resolved_at,
        resolved_on,
        reopened_at,
        reopened_on,
        is_undated
    from {{ ref('int_complaints_known') }}

),

final as (

    select * from complaints

)

select * from final
