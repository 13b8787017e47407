-- goals beside what was reached
select metric, basis, dimension, value, grain, period_start, goal, actual, to_date, status,
    is_complete
from revenue.targets
order by period_start desc, metric
