-- what the months' revenue is made of; order basis
select period_start, component, revenue, customers, orders, is_complete, is_small,
    sum(revenue) over (partition by period_start) as total_revenue
from revenue.revenue_growth
where grain = 'month' and refund_basis = 'order_basis'
order by period_start, component
