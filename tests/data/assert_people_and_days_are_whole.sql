-- Everybody an order, a refund or an identity names is in core.customers (E14, E15), with the order
-- figures of their orders; the calendar has every day once, and every grain's periods follow
-- without a gap.
with

order_people as (

    select
        customer_id,
        count(*) as valid_orders,
        sum(net_revenue) as net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
    group by customer_id

),

named as (

    select customer_id
    from {{ ref('orders') }}
    where customer_id is not null

    union distinct

    select customer_id
    from {{ ref('refunds') }}
    where customer_id is not null

    union distinct

    select customer_id
    from {{ ref('customer_identities') }}

),

periods as (

    select
        grain,
        period_start,
        period_end,
        lead(period_start) over (
            partition by grain
            order by period_number asc nulls last
        ) as next_start
    from {{ ref('int_periods') }}

),

days as (

    select
        count(*) as days,
        {{ days_between('min(day)', 'max(day)') }} + 1 as days_spanned
    from {{ ref('calendar') }}

)

select
    'person not in customers' as what,
    named.customer_id as which
from named
left join {{ ref('customers') }} as customers
    on named.customer_id = customers.customer_id
where customers.customer_id is null

union all

select
    'order figures of a person' as what,
    customers.customer_id as which
from {{ ref('customers') }} as customers
left join order_people
    on customers.customer_id = order_people.customer_id
where
    customers.valid_orders <> coalesce(order_people.valid_orders, 0)
    or customers.net_revenue <> coalesce(order_people.net_revenue, 0)

union all

select
    'gap between periods' as what,
    grain || ' ' || cast(period_start as string) as which
from periods
where next_start is not null and next_start <> period_end

union all

select
    'gap in the calendar' as what,
    cast(days as string) as which
from days
where days > 0 and days <> days_spanned
