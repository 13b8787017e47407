-- The win-back list covers every lost customer exactly once and nobody else, and says why whoever
-- is let go is; at_risk_customers holds no lost one (definitions §7).
with

customers as (

    select
        customer_id,
        lifecycle_state
    from {{ ref('customers') }}

),

listed as (

    select
        customer_id,
        count(*) as places,
        bool_or(category = 'let_go') as is_let_go,
        bool_or(let_go_reason is not null) as has_reason
    from {{ ref('win_back_candidates') }}
    group by customer_id

),

at_risk as (

    select
        customer_id,
        score,
        value_at_risk,
        annual_revenue
    from {{ ref('at_risk_customers') }}

)

select
    customers.customer_id,
    customers.lifecycle_state
from customers
left join listed
    on customers.customer_id = listed.customer_id
left join at_risk
    on customers.customer_id = at_risk.customer_id
where
    (customers.lifecycle_state = 'lost') <> (coalesce(listed.places, 0) = 1)
    or coalesce(listed.places, 0) > 1
    or listed.is_let_go <> listed.has_reason
    or (customers.lifecycle_state in ('lost', 'prospect') and at_risk.customer_id is not null)
    or at_risk.score not between 0 and 1
    or at_risk.value_at_risk > at_risk.annual_revenue
