-- One row per order that counts or once counted, with the local days [counts_from, counts_to) at
-- whose end it was known to: paid, and not cancelled yet. What a past day knew, where core.orders
-- says what the cutoff knows. Net amounts are before refunds. Orders of nobody are left out.
with

orders as (

    select
        order_id,
        customer_id,
        ordered_on,
        {{ local_day('paid_at') }} as paid_on,
        {{ local_day('cancelled_at') }} as cancelled_on,
        exchange_of_order_id,
        gross_amount - discount_amount - tax_amount - shipping_amount as net_amount_native
    from {{ ref('int_orders_as_known') }}
    where customer_id is not null

),

valued as (

    select
        order_id,
        gift_card_amount,
        exchange_rate,
        net_amount,
        is_valid
    from {{ ref('int_orders_valued') }}
    where lasting_reason is null

),

stretches as (

    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_on,
        greatest(orders.ordered_on, coalesce(orders.paid_on, orders.ordered_on)) as counts_from,
        case when not valued.is_valid then orders.cancelled_on end as counts_to,
        case
            when valued.is_valid then valued.net_amount
            else {{ convert_money(
                '(orders.net_amount_native - valued.gift_card_amount)', 'valued.exchange_rate'
            ) }}
        end as net_amount,
        orders.exchange_of_order_id is null as is_purchase
    from orders
    inner join valued
        on orders.order_id = valued.order_id
    -- what was never paid was never more than pending
    where
        valued.is_valid
        or (
            orders.paid_on is not null
            and orders.cancelled_on is not null
            and valued.exchange_rate is not null
        )

),

final as (

    select
        order_id,
        customer_id,
        ordered_on,
        counts_from,
        counts_to,
        net_amount,
        is_purchase
    from stretches
    where counts_to is null or counts_from < counts_to

)

select * from final
