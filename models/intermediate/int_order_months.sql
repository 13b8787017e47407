-- One row per person and month, counted from that of their first valid order (age 0), with a valid
-- order: net revenue on the order basis, and the margin of the orders whose costs are known.
with

members as (

    select
        customer_id,
        first_day
    from {{ ref('int_cohort_members') }}
    where basis = 'orders'

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue,
        margin
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

final as (

    select
        members.customer_id,
        {{ period_number("'month'", 'members.first_day') }} as cohort_number,
        -- an exchange before the first purchase falls on its month
        greatest(
            {{ period_number("'month'", 'orders.ordered_on') }}
            - {{ period_number("'month'", 'members.first_day') }},
            0
        ) as age,
        cast(sum(orders.net_revenue) as decimal(18, 2)) as net_revenue,
        cast(sum(orders.margin) as decimal(18, 2)) as margin,
        cast(sum(case when orders.margin is null then orders.net_revenue end) as decimal(18, 2))
            as uncosted_revenue
    from members
    inner join orders
        on members.customer_id = orders.customer_id
    group by
        members.customer_id,
        {{ period_number("'month'", 'members.first_day') }},
        greatest(
            {{ period_number("'month'", 'orders.ordered_on') }}
            - {{ period_number("'month'", 'members.first_day') }},
            0
        )

)

select * from final
