-- One row per person and local day with a valid order: the net revenue of the day's orders (order
-- basis, exchanges included), whether the day is a purchase occasion, which one and after which.
with

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

occasions as (

    select
        customer_id,
        occasion_on,
        occasion_number,
        previous_occasion_on,
        is_last
    from {{ ref('int_purchase_occasions') }}

),

shop_days as (

    select
        customer_id,
        ordered_on,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue
    from orders
    group by
        customer_id,
        ordered_on

),

final as (

    select
        shop_days.customer_id,
        shop_days.ordered_on,
        shop_days.net_revenue,
        occasions.occasion_number,
        occasions.previous_occasion_on,
        occasions.customer_id is not null as is_purchase,
        coalesce(occasions.is_last, false) as is_last_purchase
    from shop_days
    left join occasions
        on
        shop_days.customer_id = occasions.customer_id
        and shop_days.ordered_on = occasions.occasion_on

)

select * from final
