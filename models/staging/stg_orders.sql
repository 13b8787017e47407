-- One row per order as it stands now; its past is known from its dates and from refunds.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

orders as (

    select
        _source as source_name,
        order_id,
        customer_id,
        guest_email_hash,
        is_guest_email_shared,
        ordered_at,
        paid_at,
        status,
        gross_amount,
        discount_amount,
        tax_amount,
        shipping_amount,
        currency,
        sales_channel,
        employee_id,
        cancelled_at,
        prices_include_tax,
        exchange_of_order_id,
        tender_credit_amount,
        is_test,
        is_subscription_order,
        {{ local_day('ordered_at') }} as ordered_on,
        {{ local_day('paid_at') }} as paid_on,
        {{ local_day('cancelled_at') }} as cancelled_on
    from {{ source('landing', 'orders') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from orders

)

select * from final
