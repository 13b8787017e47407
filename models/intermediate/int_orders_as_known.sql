-- One row per order placed before the cutoff, as it was known then: dates after the cutoff are
-- blank, and the status is what the dates say (definitions §1, Cutoff); taken as delivered, and
-- marked is_undated, where there are none. Amounts are native, rounded, and gross_amount includes
-- tax and shipping (E44). Whether it counts is decided in int_orders_valued.
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id,
        is_test
    from {{ ref('int_customer_identities') }}

),

refunded_orders as (

    select
        refunds.source_name,
        refunds.order_id,
        bool_or(refunds.refunded_at < data_cutoff.data_cutoff) as is_refund_known
    from {{ ref('stg_refunds') }} as refunds
    cross join data_cutoff
    group by
        refunds.source_name,
        refunds.order_id

),

orders as (

    select
        orders.source_name,
        orders.order_id,
        coalesce(
            orders.customer_id,
            case
                when not coalesce(orders.is_guest_email_shared, false) then orders.guest_email_hash
            end
        ) as source_customer_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.status as delivered_status,
        case when orders.paid_at < data_cutoff.data_cutoff then orders.paid_at end as paid_at,
        case
            when orders.cancelled_at < data_cutoff.data_cutoff then orders.cancelled_at
        end as cancelled_at,
        orders.paid_at is not null as has_paid_date,
        orders.cancelled_at is not null as has_cancelled_date,
        orders.sales_channel,
        orders.employee_id,
        coalesce(orders.currency, '{{ var("reporting_currency") }}') as currency,
        {{ round_money('orders.gross_amount') }} as gross_amount,
        coalesce({{ round_money('orders.discount_amount') }}, 0) as discount_amount,
        coalesce({{ round_money('orders.tax_amount') }}, 0) as tax_amount,
        coalesce({{ round_money('orders.shipping_amount') }}, 0) as shipping_amount,
        coalesce({{ round_money('orders.tender_credit_amount') }}, 0) as tender_credit_amount,
        coalesce(orders.prices_include_tax, true) as has_tax_in_gross,
        orders.exchange_of_order_id,
        coalesce(orders.is_test, false) as is_test,
        coalesce(orders.is_subscription_order, false) as is_subscription_order
    from {{ ref('stg_orders') }} as orders
    cross join data_cutoff
    where orders.ordered_at < data_cutoff.data_cutoff

),

-- What the order was at the cutoff. A refunded order whose refunds all came later was still paid
-- then; one without any refund row counts as refunded in full, which is assumed and flagged.
dated as (

    select
        orders.source_name,
        orders.order_id,
        orders.source_customer_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.paid_at,
        orders.cancelled_at,
        orders.sales_channel,
        orders.employee_id,
        orders.currency,
        orders.gross_amount,
        orders.discount_amount,
        orders.tax_amount,
        orders.shipping_amount,
        orders.tender_credit_amount,
        orders.has_tax_in_gross,
        orders.exchange_of_order_id,
        orders.is_test,
        orders.is_subscription_order,
        case
            when orders.cancelled_at is not null
                then case when orders.delivered_status = 'void' then 'void' else 'cancelled' end
            when orders.has_paid_date and orders.paid_at is null then 'pending'
            when orders.delivered_status in ('cancelled', 'void') and orders.has_cancelled_date
                then case when orders.has_paid_date then 'paid' else 'pending' end
            when orders.delivered_status in ('cancelled', 'void') then orders.delivered_status
            when
                orders.delivered_status in ('pending', 'failed')
                and orders.has_paid_date
                then 'paid'
            when
                orders.delivered_status = 'refunded'
                and not refunded_orders.is_refund_known
                then 'paid'
            else orders.delivered_status
        end as status,
        coalesce(refunded_orders.is_refund_known, false) as is_refund_known,
        orders.delivered_status = 'refunded'
        and refunded_orders.order_id is null as has_no_refund_rows
    from orders
    left join refunded_orders
        on orders.source_name = refunded_orders.source_name
        and orders.order_id = refunded_orders.order_id

),

final as (

    select
        prefixes.id_prefix || dated.order_id as order_id,
        dated.source_name,
        dated.order_id as source_order_id,
        identities.customer_id,
        dated.ordered_at,
        dated.ordered_on,
        dated.paid_at,
        dated.cancelled_at,
        dated.status,
        dated.sales_channel,
        prefixes.id_prefix || dated.employee_id as employee_id,
        prefixes.id_prefix || dated.exchange_of_order_id as exchange_of_order_id,
        dated.currency,
        cast(
            case
                when dated.has_tax_in_gross then dated.gross_amount
                else dated.gross_amount + dated.tax_amount + dated.shipping_amount
            end as decimal(18, 2)
        ) as gross_amount,
        cast(dated.discount_amount as decimal(18, 2)) as discount_amount,
        cast(dated.tax_amount as decimal(18, 2)) as tax_amount,
        cast(dated.shipping_amount as decimal(18, 2)) as shipping_amount,
        cast(dated.tender_credit_amount as decimal(18, 2)) as tender_credit_amount,
        dated.is_test or coalesce(identities.is_test, false) as is_test,
        dated.is_subscription_order,
        -- whether a date backs it that is known: a later one is not
        case
            when dated.cancelled_at is not null then false
            when dated.status in ('cancelled', 'void') then true
            when dated.status = 'refunded' then not dated.is_refund_known
            else dated.paid_at is null
        end as is_undated,
        dated.has_no_refund_rows and dated.status = 'refunded' as is_refund_assumed
    from dated
    inner join prefixes
        on dated.source_name = prefixes.source_name
    left join identities
        on dated.source_name = identities.source_name
        and dated.source_customer_id = identities.source_customer_id

)

select * from final
