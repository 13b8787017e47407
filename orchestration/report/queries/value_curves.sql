-- what a customer of a cohort has brought by each age, the last 12 cohorts with a second month
select cohort_start, age, cohort_size, revenue_per_customer, margin_per_customer,
    margin_per_customer_low, margin_per_customer_high, is_complete, is_small
from lifetime_value.cohort_lifetime_value
where grain = 'month' and basis = 'orders' and dimension = 'all' and is_complete
qualify dense_rank() over (order by cohort_start desc) <= 24
order by cohort_start, age
