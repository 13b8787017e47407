-- One row per refund made before the cutoff, assumed ones included. Here the money falls on the
-- refund's own day (refund basis); core.orders takes the same amounts from the order's period
-- (order basis). Refunds of orders older than the history stand alone (is_orphan, E33); those of
-- orders that do not count are not counted.
with

refunds as (

    select
        refund_id,
        order_id,
        customer_id,
        refunded_at,
        refunded_on,
        amount,
        currency,
        reason,
        is_orphan,
        is_assumed
    from {{ ref('int_refunds_as_known') }}

),

valued as (

    select
        refund_id,
        refund_amount,
        net_refund,
        refund_amount_constant_rate,
        is_counted
    from {{ ref('int_refunds_valued') }}

),

final as (

    select
        refunds.refund_id,
        refunds.order_id,
        refunds.customer_id,
        refunds.reason,
        refunds.refunded_at,
        refunds.refunded_on,
        refunds.currency,
        refunds.amount,
        valued.refund_amount,
        valued.net_refund,
        valued.refund_amount_constant_rate,
        valued.is_counted,
        refunds.is_orphan,
        refunds.is_assumed
    from refunds
    inner join valued
        on refunds.refund_id = valued.refund_id

)

select * from final
