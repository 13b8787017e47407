-- what the people lost in a month brought a year
select dimension, basis, value, period_start, lost_customers, returned_since,
    annual_revenue_lost, annual_revenue_per_customer, sunk_acquisition_cost, is_complete, is_small
from revenue.lost_revenue
semi join (
    select dimension, value
    from revenue.lost_revenue
    group by dimension, value
    qualify row_number()
        over (partition by dimension order by sum(lost_customers) desc, value) <= 15
) using (dimension, value)
where grain = 'month'
qualify dense_rank() over (order by period_start desc) <= 60
order by dimension, basis, value, period_start
