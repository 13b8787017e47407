-- the dissatisfied who say nothing, an estimate
select period_start, complainers, estimated_silent, estimated_dissatisfied, customers,
    is_complete
from voice_of_customer.silent_customers
where grain = 'month'
order by period_start
