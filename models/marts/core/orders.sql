-- One row per order placed before the cutoff, valid or not, with the reason. Money in reporting
-- currency is 0 where the order does not count; refunds are taken from the order's own period
-- (order basis), which is not final: a later refund restates it (E30, E32). Native amounts stand
-- beside their currency.
with

orders as (

    select
        order_id,
        source_name,
        customer_id,
        ordered_at,
        ordered_on,
        paid_at,
        cancelled_at,
        status,
        sales_channel,
        employee_id,
        exchange_of_order_id,
        currency,
        gross_amount,
        discount_amount,
        tax_amount,
        shipping_amount,
        tender_credit_amount,
        is_subscription_order,
        is_undated,
        is_refund_assumed
    from {{ ref('int_orders_as_known') }}

),

valued as (

    select
        order_id,
        first_category,
        invalid_reason,
        gift_card_amount,
        paid_amount_native,
        exchange_rate,
        paid_amount,
        net_amount,
        paid_amount_constant_rate,
        net_amount_constant_rate,
        order_cost,
        is_valid,
        is_purchase
    from {{ ref('int_orders_valued') }}

),

refunds as (

    select
        order_id,
        currency,
        amount,
        refund_amount,
        net_refund,
        refund_amount_constant_rate
    from {{ ref('refunds') }}
    where is_counted and not is_orphan

),

order_refunds as (

    select
        refunds.order_id,
        sum(refunds.amount) as refunded_native,
        sum(refunds.refund_amount) as refund_amount,
        sum(refunds.net_refund) as net_refunds,
        cast(sum(refunds.refund_amount_constant_rate) as decimal(18, 2)) as refunded_constant_rate,
        bool_and(refunds.currency = orders.currency) as is_order_currency
    from refunds
    inner join orders
        on refunds.order_id = orders.order_id
    group by refunds.order_id

),

final as (

    select
        orders.order_id,
        orders.source_name,
        orders.customer_id,
        orders.status,
        valued.invalid_reason,
        orders.sales_channel,
        orders.employee_id,
        orders.exchange_of_order_id,
        valued.first_category,
        orders.ordered_at,
        orders.ordered_on,
        orders.paid_at,
        orders.cancelled_at,
        orders.currency,
        orders.gross_amount,
        orders.discount_amount,
        orders.tax_amount,
        orders.shipping_amount,
        valued.gift_card_amount,
        orders.tender_credit_amount,
        valued.exchange_rate,
        cast(
            valued.paid_amount - coalesce(order_refunds.refund_amount, 0) as decimal(18, 2)
        ) as total_paid,
        valued.net_amount as net_revenue_before_refunds,
        cast(coalesce(order_refunds.net_refunds, 0) as decimal(18, 2)) as net_refunds,
        cast(
            valued.net_amount - coalesce(order_refunds.net_refunds, 0) as decimal(18, 2)
        ) as net_revenue,
        cast(
            valued.net_amount_constant_rate
            - case
                when order_refunds.refunded_constant_rate is null then 0
                else {{ prorate_money(
                    'order_refunds.refunded_constant_rate',
                    'valued.net_amount_constant_rate',
                    'valued.paid_amount_constant_rate',
                    var('money_decimals')
                ) }}
            end as decimal(18, 2)
        ) as net_revenue_constant_rate,
        case
            when valued.is_valid
                then
                    {{ round_money(
                        'valued.net_amount - coalesce(order_refunds.net_refunds, 0)'
                        ~ ' - valued.order_cost'
                    ) }}
        end as margin,
        valued.is_valid,
        valued.is_purchase,
        orders.is_subscription_order,
        orders.is_undated,
        -- compared in the order's own currency where it can be: a rate that moved is no refund too
        -- much
        coalesce(
            case
                when order_refunds.is_order_currency
                    then order_refunds.refunded_native > valued.paid_amount_native
                else order_refunds.refund_amount > valued.paid_amount
            end,
            false
        ) as is_over_refunded,
        orders.is_refund_assumed
    from orders
    inner join valued
        on orders.order_id = valued.order_id
    left join order_refunds
        on orders.order_id = order_refunds.order_id

)

select * from final
