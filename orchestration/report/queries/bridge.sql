-- from opening to closing MRR of the last complete month
with month as (
    select *
    from revenue.revenue_retention
    where grain = 'month' and basis = 'subscriptions' and dimension = 'all' and is_complete
    order by period_start desc
    limit 1
)

select period_start, step, amount, is_total
from month
cross join lateral (
    values
        (1, 'opening', opening_revenue, true), (2, 'new', new_revenue, false),
        (3, 'reactivation', reactivation_revenue, false), (4, 'resume', resume_revenue, false),
        (5, 'expansion', expansion_revenue, false), (6, 'contraction', -contraction_revenue, false),
        (7, 'pause', -pause_revenue, false), (8, 'churn', -churn_revenue, false),
        (9, 'fx', fx_revenue, false), (10, 'closing', closing_revenue, true)
) as steps (position, step, amount, is_total)
order by position
