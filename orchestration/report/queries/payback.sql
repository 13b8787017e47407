-- cost of winning a customer beside what they have brought, by channel and cohort
select acquisition_channel, cohort_start, customers, acquisition_cost_per_customer,
    value_to_date_per_customer, value_to_cost_ratio, payback_month, is_complete, is_small
from lifetime_value.acquisition_payback
where acquisition_cost_per_customer is not null
order by acquisition_channel, cohort_start
