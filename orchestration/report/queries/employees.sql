-- whose customers left, the last complete period of each grain
select grain, period_start, employee_id, team, attribution,
    customers_at_open, lost_customers, lost_rate, company_lost_share, annual_revenue_lost,
    returned_since, is_complete, is_small
from win_back.lost_customers_by_employee
qualify dense_rank() over (partition by grain order by is_complete desc, period_start desc) = 1
order by grain, employee_id is null, lost_customers desc, employee_id
