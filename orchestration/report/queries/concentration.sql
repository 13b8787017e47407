-- what share of revenue the biggest spenders bring, all history
select top_percent, customers, revenue, at_risk_revenue, lost_revenue, revenue_share, gini,
    share_for_80_percent, is_complete, is_small
from revenue.revenue_concentration
where grain = 'all'
order by top_percent
