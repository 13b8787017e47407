-- One row per refund made before the cutoff, and one for each order that says refunded without a
-- refund row: assumed in full, at the order's own date. Native amounts; negative where a chargeback
-- was won back (E34). Whether it counts is decided in int_refunds_valued.
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

refunds as (

    select
        refunds.source_name,
        refunds.refund_id,
        refunds.order_id,
        refunds.refunded_at,
        refunds.refunded_on,
        {{ round_money('refunds.amount') }} as amount,
        refunds.currency,
        refunds.reason
    from {{ ref('stg_refunds') }} as refunds
    cross join data_cutoff
    where refunds.refunded_at < data_cutoff.data_cutoff

),

orders as (

    select
        order_id,
        source_name,
        source_order_id,
        customer_id,
        ordered_at,
        ordered_on,
        currency,
        gross_amount,
        discount_amount,
        is_refund_assumed
    from {{ ref('int_orders_as_known') }}

),

-- Orders the business did deliver but that do not stand, held back, deleted or refused: their
-- refunds are no refunds of older history.
withheld_orders as (

    select
        source_name,
        order_id
    from {{ ref('stg_orders_withheld') }}

),

refused_orders as (

    select distinct row_key
    from {{ ref('stg_ops_quarantined_rows') }}
    where input = 'orders' and healed_at is null

),

final as (

    select
        prefixes.id_prefix || refunds.refund_id as refund_id,
        prefixes.id_prefix || refunds.order_id as order_id,
        orders.customer_id,
        refunds.refunded_at,
        refunds.refunded_on,
        refunds.amount,
        coalesce(refunds.currency, orders.currency, '{{ var("reporting_currency") }}') as currency,
        refunds.reason,
        orders.order_id is null
        and withheld_orders.order_id is null
        and refused_orders.row_key is null as is_orphan,
        false as is_assumed
    from refunds
    inner join prefixes
        on refunds.source_name = prefixes.source_name
    left join orders
        on refunds.source_name = orders.source_name
        and refunds.order_id = orders.source_order_id
    left join withheld_orders
        on refunds.source_name = withheld_orders.source_name
        and refunds.order_id = withheld_orders.order_id
    -- the key as the refresh writes it: the source in front, unless it is main
    left join refused_orders
        on refused_orders.row_key
        = case when refunds.source_name <> 'main' then refunds.source_name || '|' else '' end
        || refunds.order_id

    union all

    select
        'assumed:' || orders.order_id as refund_id,
        orders.order_id,
        orders.customer_id,
        orders.ordered_at as refunded_at,
        orders.ordered_on as refunded_on,
        cast(orders.gross_amount - orders.discount_amount as decimal(18, 2)) as amount,
        orders.currency,
        cast(null as string) as reason,
        false as is_orphan,
        true as is_assumed
    from orders
    where orders.is_refund_assumed

)

select * from final
