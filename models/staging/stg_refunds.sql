-- One row per refund, chargeback or goodwill payment.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

refunds as (

    select
        _source as source_name,
        refund_id,
        order_id,
        refunded_at,
        amount,
        currency,
        reason,
        {{ local_day('refunded_at') }} as refunded_on
    from {{ source('landing', 'refunds') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from refunds

)

select * from final
