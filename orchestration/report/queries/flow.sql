-- people who came, came back and left, by month
select period_start, opening, "new", returned, lost, closing, churn_rate, is_complete, is_small
from retention.retention_rates
where grain = 'month' and basis = 'any' and dimension = 'all'
order by period_start
