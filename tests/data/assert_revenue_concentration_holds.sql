-- Shares lie in 0-1, a larger top holds no fewer people and no less revenue, and the part at risk
-- or lost is a part (definitions §4, Concentration).
with

concentration as (

    select
        grain,
        period_start,
        top_percent,
        window_customers,
        window_revenue,
        customers,
        revenue,
        at_risk_revenue,
        lost_revenue,
        revenue_share,
        share_for_80_percent,
        gini,
        lag(customers) over (
            partition by grain, period_start
            order by top_percent nulls first
        ) as customers_above,
        lag(revenue) over (
            partition by grain, period_start
            order by top_percent nulls first
        ) as revenue_above
    from {{ ref('revenue_concentration') }}

)

select
    grain,
    period_start,
    top_percent
from concentration
where
    customers > window_customers
    or (window_customers > 0 and customers = 0)
    or customers < customers_above
    or revenue < revenue_above
    or revenue > window_revenue
    or at_risk_revenue + lost_revenue > revenue
    or revenue_share not between 0 and 1
    or share_for_80_percent not between 0 and 1
    or gini not between 0 and 1
