-- Policy holdfast has the money of revenue_retention line by line, which comes by another way (its
-- people are in assert_lost_customers_are_counted_once); under every policy people and money
-- balance, a month opens where the one before closed, and shares lie in 0-1.
with

policies as (

    select *
    from {{ ref('metric_policy_comparison') }}

),

ours as (

    select *
    from {{ ref('revenue_retention') }}
    where grain = 'month' and basis = 'subscriptions' and dimension = 'all'

),

months as (

    select
        *,
        lag(closing_customers) over policy_months as previous_customers,
        lag(closing_mrr) over policy_months as previous_mrr
    from policies
    window policy_months as (
        partition by policy
        order by period_start nulls first
    )

)

select
    'ours' as broken,
    ours.period_start,
    'holdfast' as policy
from ours
left join policies
    on
    ours.period_start = policies.period_start
    and policies.policy = 'holdfast'
where
    abs(ours.gross_retention_rate - policies.gross_retention_rate) > 1e-9
    or abs(ours.net_retention_rate - policies.net_retention_rate) > 1e-9
    or abs(ours.gross_churn_rate - policies.gross_churn_rate) > 1e-9
    or abs(ours.quick_ratio - policies.quick_ratio) > 1e-9
    {% for line in [
        'opening', 'new', 'reactivation', 'resume', 'expansion', 'contraction', 'pause', 'churn',
        'fx', 'closing'
    ] %}
        or ours.{{ line }}_revenue is distinct from policies.{{ line }}_mrr
    {% endfor %}

union all

select
    'lines' as broken,
    period_start,
    policy
from months
where
    -- ours: who is paused is there until the grace is over
    opening_customers + new_customers + reactivated_customers - lost_customers
    + case when policy = 'holdfast' then 0 else resumed_customers - paused_customers end
    <> closing_customers
    or opening_customers <> previous_customers
    or opening_mrr <> previous_mrr
    or gross_retention_rate not between 0 and 1
    or (
        policy = 'holdfast'
        and customer_churn_rate not between 0 and 1
    )
