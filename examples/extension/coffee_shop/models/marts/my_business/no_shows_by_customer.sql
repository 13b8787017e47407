-- One row per customer with at least `least_reservations` reservations: how many of them were not
-- kept, beside what the customer brings.
with

reservations as (

    select
        customer_id,
        arrived_at,
        booked_by
    from {{ ref('own_reservations') }}

),

booking_ways as (

    select
        booking_way,
        is_staff_needed
    from {{ ref('booking_ways') }}

),

tables as (

    select order_id
    from {{ ref('own_orders') }}
    where table_number is not null

),

orders as (

    select
        order_id,
        customer_id
    from {{ ref('orders') }}
    where is_valid

),

customers as (

    select
        customer_id,
        lifecycle_state,
        net_revenue
    from {{ ref('customers') }}

),

reservation_counts as (

    select
        reservations.customer_id,
        count(*) as reservations,
        count_if(reservations.arrived_at is null) as no_shows,
        count_if(booking_ways.is_staff_needed) as reservations_taken_by_staff
    from reservations
    left join booking_ways
        on reservations.booked_by = booking_ways.booking_way
    group by reservations.customer_id
    having count(*) >= {{ var('least_reservations') }}

),

table_orders as (

    select
        orders.customer_id,
        count(*) as table_orders
    from orders
    inner join tables
        on orders.order_id = tables.order_id
    group by orders.customer_id

),

final as (

    select
        reservation_counts.customer_id,
        customers.lifecycle_state,
        cast(reservation_counts.reservations as bigint) as reservations,
        cast(reservation_counts.no_shows as bigint) as no_shows,
        cast(reservation_counts.reservations_taken_by_staff as bigint)
            as reservations_taken_by_staff,
        cast(coalesce(table_orders.table_orders, 0) as bigint) as table_orders,
        customers.net_revenue,
        cast(reservation_counts.no_shows as double)
        / reservation_counts.reservations as no_show_rate
    from reservation_counts
    left join customers
        on reservation_counts.customer_id = customers.customer_id
    left join table_orders
        on reservation_counts.customer_id = table_orders.customer_id

)

select * from final
