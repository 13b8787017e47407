-- Who reached the next occasion is who stands in the next row; the eligible are some of all, and
-- the rows begin with everybody who ever bought (definitions §3).
with

steps as (

    select
        order_number,
        customers,
        reached_next,
        eligible,
        eligible_reached_next,
        gaps,
        is_open_class,
        lead(customers) over (order by order_number nulls first) as next_customers,
        min(order_number) over () as first_order_number
    from {{ ref('repeat_purchase') }}

),

buyers as (

    select count(distinct customer_id) as buyers
    from {{ ref('int_purchase_occasions') }}

)

select
    steps.order_number,
    buyers.buyers
from steps
cross join buyers
where
    (
        not steps.is_open_class
        and steps.reached_next <> coalesce(steps.next_customers, 0)
    )
    or (not steps.is_open_class and steps.gaps <> steps.reached_next)
    or steps.gaps < steps.reached_next
    or steps.eligible > steps.customers
    or steps.eligible_reached_next > least(steps.eligible, steps.reached_next)
    or (steps.order_number = 1 and steps.customers <> buyers.buyers)
    or steps.first_order_number <> 1
