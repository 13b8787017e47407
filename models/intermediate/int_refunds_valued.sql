-- One row per refund known at the cutoff, with what it takes from total_paid (refund_amount) and
-- from net revenue (net_refund), in reporting currency at the refund's own rate. 0 where the order
-- does not count; the whole amount where the order is older than the history (E33). Null only where
-- a rate is missing (E46).
with

refunds as (

    select
        refund_id,
        order_id,
        refunded_at,
        refunded_on,
        amount,
        currency,
        is_orphan
    from {{ ref('int_refunds_as_known') }}

),

orders as (

    select
        order_id,
        paid_amount,
        net_amount,
        is_valid
    from {{ ref('int_orders_valued') }}

),

exchange_rates as (

    select
        currency,
        valid_from,
        valid_to,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

constant_rates as (

    select
        currency,
        rate_to_reporting
    from {{ ref('int_constant_rates') }}

),

converted as (

    select
        refunds.refund_id,
        refunds.order_id,
        refunds.refunded_at,
        refunds.refunded_on,
        refunds.currency,
        refunds.is_orphan,
        orders.paid_amount,
        orders.net_amount,
        refunds.is_orphan or coalesce(orders.is_valid, false) as is_counted,
        case
            when refunds.is_orphan or coalesce(orders.is_valid, false)
                then {{ convert_money('refunds.amount', 'exchange_rates.rate_to_reporting') }}
            else cast(0 as decimal(18, 2))
        end as refund_amount,
        case
            when refunds.is_orphan or coalesce(orders.is_valid, false)
                then {{ convert_money('refunds.amount', 'constant_rates.rate_to_reporting') }}
            else cast(0 as decimal(18, 2))
        end as refund_amount_constant_rate
    from refunds
    left join orders
        on refunds.order_id = orders.order_id
    left join exchange_rates
        on refunds.currency = exchange_rates.currency
        and refunds.refunded_on >= exchange_rates.valid_from
        and refunds.refunded_on < exchange_rates.valid_to
    left join constant_rates
        on refunds.currency = constant_rates.currency

),

-- Shared out on the running total, so that an order's refunds together take exactly what one refund
-- of their sum would, and a full refund in parts leaves nothing behind.
running as (

    select
        refund_id,
        order_id,
        refunded_on,
        currency,
        paid_amount,
        net_amount,
        refund_amount,
        refund_amount_constant_rate,
        is_orphan,
        is_counted,
        cast(
            sum(refund_amount) over (
                partition by order_id
                order by refunded_at asc nulls last, refund_id asc nulls last
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as refunded_with,
        cast(
            coalesce(
                sum(refund_amount) over (
                    partition by order_id
                    order by refunded_at asc nulls last, refund_id asc nulls last
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as decimal(18, 2)
        ) as refunded_before
    from converted

),

shared_out as (

    select
        refund_id,
        order_id,
        refunded_on,
        currency,
        refund_amount,
        refund_amount_constant_rate,
        is_orphan,
        is_counted,
        {{ prorate_money(
            'refunded_with', 'net_amount', 'paid_amount', var('money_decimals')
        ) }} as net_refunded_with,
        {{ prorate_money(
            'refunded_before', 'net_amount', 'paid_amount', var('money_decimals')
        ) }} as net_refunded_before
    from running

),

final as (

    select
        refund_id,
        order_id,
        refunded_on,
        currency,
        refund_amount,
        case
            when is_orphan or refund_amount is null then refund_amount
            when not is_counted then cast(0 as decimal(18, 2))
            else cast(net_refunded_with - net_refunded_before as decimal(18, 2))
        end as net_refund,
        refund_amount_constant_rate,
        is_counted,
        is_counted and refund_amount is null as is_rate_missing
    from shared_out

)

select * from final
