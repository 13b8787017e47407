-- One row per order placed before the cutoff: whether it counts and why not (definitions §1, Valid
-- order), what its lines say, and what it is worth in reporting currency before refunds. Amounts
-- are null only where a valid order's rate is missing, which fails the build (E46), and 0 where the
-- order does not count.
with

orders as (

    select
        order_id,
        ordered_on,
        status,
        sales_channel,
        exchange_of_order_id,
        currency,
        gross_amount,
        discount_amount,
        tax_amount,
        shipping_amount,
        is_test
    from {{ ref('int_orders_as_known') }}

),

order_items as (

    select
        order_id,
        order_item_id,
        category,
        line_amount,
        line_cost,
        is_gift_card,
        is_good_or_service
    from {{ ref('int_order_items_known') }}
    -- a line that was taken out of the order says nothing of it
    where quantity > 0

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

excluded_sales_channels as (

    select sales_channel
    from {{ ref('excluded_sales_channels') }}

),

order_lines as (

    select
        order_id,
        sum(case when is_gift_card then line_amount else 0 end) as gift_card_amount,
        sum(line_cost) as known_cost,
        bool_and(line_cost is not null) as is_cost_known,
        -- carriage and fees on a gift card do not make it a purchase
        bool_or(is_gift_card) and not bool_or(is_good_or_service) as is_gift_card_only,
        -- of goods and services; a first line without category has none, whatever the second says
        nullif(
            min_by(
                case when is_good_or_service then coalesce(category, '') end,
                case when is_good_or_service then order_item_id end
            ),
            ''
        ) as first_category
    from order_items
    group by order_id

),

reasons as (

    select
        orders.order_id,
        orders.ordered_on,
        orders.exchange_of_order_id,
        orders.currency,
        orders.gross_amount - orders.discount_amount as paid_amount,
        orders.gross_amount
        - orders.discount_amount
        - orders.tax_amount
        - orders.shipping_amount
        - coalesce(order_lines.gift_card_amount, 0) as net_amount,
        coalesce(order_lines.gift_card_amount, 0) as gift_card_amount,
        case when order_lines.is_cost_known then order_lines.known_cost end as order_cost,
        order_lines.first_category,
        case
            when orders.status in ('cancelled', 'void', 'pending', 'failed') then orders.status
        end as status_reason,
        case
            when orders.is_test then 'test'
            when excluded_sales_channels.sales_channel is not null then 'excluded_channel'
            when order_lines.is_gift_card_only then 'gift_card_only'
            when orders.gross_amount < orders.discount_amount then 'zero_amount'
            when
                orders.gross_amount = orders.discount_amount
                and not {{ var('allow_zero_orders') }}
                then 'zero_amount'
        end as lasting_reason
    from orders
    left join order_lines
        on orders.order_id = order_lines.order_id
    left join excluded_sales_channels
        on lower(trim(orders.sales_channel)) = excluded_sales_channels.sales_channel

),

judged as (

    select
        order_id,
        ordered_on,
        exchange_of_order_id,
        currency,
        paid_amount,
        net_amount,
        gift_card_amount,
        order_cost,
        first_category,
        lasting_reason,
        case
            when lasting_reason = 'test' then lasting_reason
            else coalesce(status_reason, lasting_reason)
        end as invalid_reason
    from reasons

),

final as (

    select
        judged.order_id,
        judged.ordered_on,
        judged.currency,
        judged.first_category,
        judged.invalid_reason,
        judged.lasting_reason,
        cast(judged.gift_card_amount as decimal(18, 2)) as gift_card_amount,
        cast(judged.paid_amount as decimal(18, 2)) as paid_amount_native,
        exchange_rates.rate_to_reporting as exchange_rate,
        case
            when judged.invalid_reason is not null then cast(0 as decimal(18, 2))
            else {{ convert_money('judged.paid_amount', 'exchange_rates.rate_to_reporting') }}
        end as paid_amount,
        case
            when judged.invalid_reason is not null then cast(0 as decimal(18, 2))
            else {{ convert_money('judged.net_amount', 'exchange_rates.rate_to_reporting') }}
        end as net_amount,
        case
            when judged.invalid_reason is not null then cast(0 as decimal(18, 2))
            else {{ convert_money('judged.paid_amount', 'constant_rates.rate_to_reporting') }}
        end as paid_amount_constant_rate,
        case
            when judged.invalid_reason is not null then cast(0 as decimal(18, 2))
            else {{ convert_money('judged.net_amount', 'constant_rates.rate_to_reporting') }}
        end as net_amount_constant_rate,
        judged.order_cost,
        judged.invalid_reason is null as is_valid,
        judged.invalid_reason is null and judged.exchange_of_order_id is null as is_purchase,
        judged.invalid_reason is null
        and exchange_rates.rate_to_reporting is null as is_rate_missing
    from judged
    left join exchange_rates
        on judged.currency = exchange_rates.currency
        and judged.ordered_on >= exchange_rates.valid_from
        and judged.ordered_on < exchange_rates.valid_to
    left join constant_rates
        on judged.currency = constant_rates.currency

)

select * from final
