-- One row per month, component and refund basis: revenue = new + returning + resurrected +
-- anonymous (definitions §4). Who has a valid order in a month is in one component with all their
-- revenue of it. A refund falls on the order's month (order_basis) or its own (refund_basis), in
-- the component its order was in. Customers are not additive over months.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

periods as (

    select period_number
    from {{ ref('int_periods') }}
    where grain = 'month'

),

orders as (

    select
        order_id,
        customer_id,
        {{ period_number("'month'", 'ordered_on') }} as period_number,
        net_revenue_before_refunds,
        net_revenue
    from {{ ref('orders') }}
    where is_valid

),

refunds as (

    select
        order_id,
        {{ period_number("'month'", 'refunded_on') }} as period_number,
        net_refund
    from {{ ref('refunds') }}
    where is_counted

),

ended_losses as (

    select distinct
        customer_id,
        {{ period_number("'month'", 'valid_to') }} as period_number
    from {{ ref('customer_lifecycle') }}
    where basis = 'orders' and state = 'lost' and valid_to is not null

),

first_months as (

    select
        customer_id,
        min(period_number) as period_number
    from orders
    where customer_id is not null
    group by customer_id

),

-- Who was lost comes back by a purchase only, so a loss that ends in a month ends by an occasion in
-- it.
placed_orders as (

    select
        orders.order_id,
        orders.customer_id,
        orders.period_number,
        orders.net_revenue_before_refunds,
        orders.net_revenue,
        case
            when orders.customer_id is null then 'anonymous'
            when first_months.period_number = orders.period_number then 'new'
            when ended_losses.period_number is not null then 'resurrected'
            else 'returning'
        end as component
    from orders
    left join first_months
        on orders.customer_id = first_months.customer_id
    left join ended_losses
        on orders.customer_id = ended_losses.customer_id
        and orders.period_number = ended_losses.period_number

),

-- Orders older than the history have no component: their refunds are nobody's (E33).
placed_refunds as (

    select
        refunds.period_number,
        coalesce(placed_orders.component, 'anonymous') as component,
        sum(refunds.net_refund) as net_refunds
    from refunds
    left join placed_orders
        on refunds.order_id = placed_orders.order_id
    group by
        refunds.period_number,
        coalesce(placed_orders.component, 'anonymous')

),

counted as (

    select
        period_number,
        component,
        count(distinct customer_id) as customers,
        count(*) as orders,
        sum(net_revenue_before_refunds) as net_revenue_before_refunds,
        sum(net_revenue) as net_revenue
    from placed_orders
    group by
        period_number,
        component

),

components as (

    select 'new' as component

    union all

    select 'returning' as component

    union all

    select 'resurrected' as component

    union all

    select 'anonymous' as component

),

-- A refund from before the first order of history has its month too, or the books would not close.
months as (

    select period_number
    from periods

    union distinct

    select period_number
    from placed_refunds

),

cells as (

    select
        months.period_number,
        components.component
    from months
    cross join components

),

filled as (

    select
        cells.period_number,
        cells.component,
        coalesce(counted.customers, 0) as customers,
        coalesce(counted.orders, 0) as orders,
        coalesce(counted.net_revenue, 0) as order_basis_revenue,
        coalesce(counted.net_revenue_before_refunds, 0)
        - coalesce(placed_refunds.net_refunds, 0) as refund_basis_revenue
    from cells
    left join counted
        on cells.period_number = counted.period_number
        and cells.component = counted.component
    left join placed_refunds
        on cells.period_number = placed_refunds.period_number
        and cells.component = placed_refunds.component

),

both_bases as (

    select
        period_number,
        component,
        'order_basis' as refund_basis,
        customers,
        orders,
        cast(order_basis_revenue as decimal(18, 2)) as revenue
    from filled

    union all

    select
        period_number,
        component,
        'refund_basis' as refund_basis,
        customers,
        orders,
        cast(refund_basis_revenue as decimal(18, 2)) as revenue
    from filled

),

bounds as (

    select
        months.period_number,
        {{ period_first_day("'month'", 'months.period_number') }} as period_start,
        {{ period_first_day("'month'", 'months.period_number + 1') }} as period_end,
        {{ add_days('data_cutoff.cutoff_day', 1) }} as cutoff_on
    from months
    cross join data_cutoff

),

final as (

    select
        'month' as grain,
        bounds.period_start,
        'orders' as basis,
        'all' as dimension,
        'all' as value,
        both_bases.component,
        both_bases.refund_basis,
        both_bases.customers,
        both_bases.orders,
        both_bases.revenue,
        case
            when both_bases.customers > 0 and bounds.period_end <= bounds.cutoff_on
                then {{ prorate_money(
                    'both_bases.revenue',
                    'cast(1 as decimal(18, 2))',
                    'cast(both_bases.customers as decimal(18, 2))'
                ) }}
        end as revenue_per_customer,
        bounds.period_end <= bounds.cutoff_on as is_complete,
        {{ add_days('bounds.period_end', var('settle_days')) }} <= bounds.cutoff_on as is_final,
        both_bases.customers < {{ var('small_cell_size') }} as is_small
    from both_bases
    inner join bounds
        on both_bases.period_number = bounds.period_number

)

select * from final
