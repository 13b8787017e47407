-- One row per person and local day on which they bought: several orders of a day are one occasion
-- (E39). Exchanges are no purchase (E35); orders with nobody attached belong to nobody (E14).
with

orders as (

    select
        customer_id,
        ordered_on,
        order_id,
        net_revenue
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null

),

occasions as (

    select
        customer_id,
        ordered_on as occasion_on,
        count(*) as orders,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue
    from orders
    group by
        customer_id,
        ordered_on

),

followed as (

    select
        customer_id,
        occasion_on,
        orders,
        net_revenue,
        row_number() over person as occasion_number,
        lag(occasion_on) over person as previous_occasion_on,
        lead(occasion_on) over person as next_occasion_on
    from occasions
    window person as (partition by customer_id order by occasion_on asc nulls last)

),

final as (

    select
        customer_id,
        occasion_on,
        occasion_number,
        previous_occasion_on,
        next_occasion_on,
        {{ days_between('previous_occasion_on', 'occasion_on') }} as gap_days,
        orders,
        net_revenue,
        next_occasion_on is null as is_last
    from followed

)

select * from final
