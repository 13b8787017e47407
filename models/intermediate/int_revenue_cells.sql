-- One row per month, dimension and value with valid orders: who ordered, orders, net revenue (order
-- basis). An order counts under its person's value at the end of its day. Customers do not add up
-- over values or months. Orders of nobody are in all and under '(anonymous)', in no customers.
with

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue
    from {{ ref('orders') }}
    where is_valid

),

people as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

spells as (

    select
        person_number,
        value_number,
        valid_from,
        valid_to
    from {{ ref('int_revenue_spells') }}

),

numbered as (

    select
        coalesce(
            people.person_number, case when orders.customer_id is null then -1 else 0 end
        ) as person_number,
        case when people.person_number is null then orders.customer_id end as stray_id,
        orders.ordered_on,
        {{ period_number("'month'", 'orders.ordered_on') }} as period_number,
        orders.net_revenue
    from orders
    left join people
        on orders.customer_id = people.customer_id

),

placed as (

    select
        spells.value_number,
        numbered.period_number,
        numbered.person_number,
        numbered.stray_id,
        count(*) as orders,
        sum(numbered.net_revenue) as net_revenue
    from numbered
    inner join spells
        on
        numbered.person_number = spells.person_number
        and numbered.ordered_on >= spells.valid_from
        and (spells.valid_to is null or numbered.ordered_on < spells.valid_to)
    group by
        spells.value_number,
        numbered.period_number,
        numbered.person_number,
        numbered.stray_id

),

final as (

    select
        value_number,
        period_number,
        cast(sum(case when person_number >= 0 then 1 else 0 end) as bigint) as customers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(case when person_number >= 0 then 0 else orders end) as bigint)
            as anonymous_orders,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue
    from placed
    group by
        value_number,
        period_number

)

select * from final
