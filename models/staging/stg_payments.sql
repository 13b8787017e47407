-- One row per payment attempt or demand.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

payments as (

    select
        _source as source_name,
        payment_id,
        customer_id,
        subscription_id,
        order_id,
        due_at,
        paid_at,
        amount,
        currency,
        status,
        failure_code,
        {{ local_day('due_at') }} as due_on,
        {{ local_day('paid_at') }} as paid_on
    from {{ source('landing', 'payments') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from payments

)

select * from final
