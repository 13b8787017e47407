-- Definitions §4: per month the components of revenue_growth sum to the revenue of the valid
-- orders, to the cent, with refunds on the order's month or on their own; every month has its 8
-- rows, and both bases the same total once the refunds of orders older than the history are taken
-- out.
with

orders as (

    select
        {{ period_first_day("'month'", period_number("'month'", 'ordered_on')) }} as period_start,
        sum(net_revenue_before_refunds) as before_refunds,
        sum(net_revenue) as net_revenue
    from {{ ref('orders') }}
    where is_valid
    group by {{ period_first_day("'month'", period_number("'month'", 'ordered_on')) }}

),

refunds as (

    select
        {{ period_first_day("'month'", period_number("'month'", 'refunded_on')) }} as period_start,
        sum(net_refund) as net_refund
    from {{ ref('refunds') }}
    where is_counted
    group by {{ period_first_day("'month'", period_number("'month'", 'refunded_on')) }}

),

growth as (

    select
        period_start,
        count(*) as cells,
        sum(case when refund_basis = 'order_basis' then revenue else 0 end) as order_basis,
        sum(case when refund_basis = 'refund_basis' then revenue else 0 end) as refund_basis
    from {{ ref('revenue_growth') }}
    group by period_start

),

months as (

    select period_start from orders

    union distinct

    select period_start from refunds

    union distinct

    select period_start from growth

)

select
    months.period_start,
    growth.cells,
    growth.order_basis,
    growth.refund_basis
from months
left join growth
    on months.period_start = growth.period_start
left join orders
    on months.period_start = orders.period_start
left join refunds
    on months.period_start = refunds.period_start
where
    growth.cells is distinct from 8
    or growth.order_basis is distinct from coalesce(orders.net_revenue, 0)
    or growth.refund_basis
    is distinct from coalesce(orders.before_refunds, 0) - coalesce(refunds.net_refund, 0)
