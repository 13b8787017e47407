-- Everybody who bought is in one value of each trait known with the order; a longer window has no
-- more eligible people and the same people behind it; and the rate lies in its interval
-- (definitions §3, first_experience).
with

buyers as (

    select count(distinct customer_id) as buyers
    from {{ ref('int_purchase_occasions') }}

),

cells as (

    select
        trait,
        value,
        window_days,
        known_by_days,
        customers,
        eligible,
        repeat_buyers,
        second_order_rate,
        second_order_rate_low,
        second_order_rate_high,
        lag(eligible) over windows as eligible_before,
        lag(customers) over windows as customers_before
    from {{ ref('first_experience') }}
    window windows as (partition by trait, value order by window_days nulls first)

),

findings as (

    select
        trait,
        value,
        window_days
    from cells
    where
        eligible > customers
        or repeat_buyers > eligible
        or eligible > eligible_before
        or customers <> customers_before
        or second_order_rate < second_order_rate_low - 1e-12
        or second_order_rate > second_order_rate_high + 1e-12
        or (second_order_rate is null) <> (eligible = 0)

    union all

    select
        cells.trait,
        'not everybody' as value,
        cells.window_days
    from cells
    cross join buyers
    where cells.known_by_days = 0
    group by
        cells.trait,
        cells.window_days,
        buyers.buyers
    having sum(cells.customers) <> buyers.buyers

)

select * from findings
