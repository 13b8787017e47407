-- why people left, the last complete period of each grain
select grain, period_start, reason_code, reason_class, customers, lost_customers, lost_share,
    annual_revenue_lost, is_complete, is_small
from win_back.churn_reasons
qualify dense_rank() over (partition by grain order by is_complete desc, period_start desc) = 1
order by grain, reason_code = '(none)', customers desc, reason_code
