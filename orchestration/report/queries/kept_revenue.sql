-- gross and net retention of revenue, by window and dimension
select grain, dimension, basis, value, period_start, opening_revenue, closing_revenue,
    gross_retention_rate, net_retention_rate, quick_ratio, is_complete, is_small
from revenue.revenue_retention
semi join (
    select dimension, value
    from revenue.revenue_retention
    where grain = 'month'
    group by dimension, value
    qualify row_number()
        over (partition by dimension order by max(opening_revenue) desc, value) <= 15
) using (dimension, value)
qualify dense_rank() over (partition by grain order by period_start desc) <= 60
order by grain, dimension, basis, value, period_start
