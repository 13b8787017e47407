-- churn and retention over time, beside the benchmark
select grain, dimension, basis, value, period_start, opening, lost, closing, churn_rate,
    retention_rate, annualised_churn_rate, annual_churn_benchmark_low,
    annual_churn_benchmark_high, is_complete, is_small
from retention.retention_rates
semi join (
    select dimension, value
    from retention.retention_rates
    where grain = 'month' and basis = 'any'
    group by dimension, value
    qualify row_number() over (partition by dimension order by max(opening) desc, value) <= 15
) using (dimension, value)
qualify dense_rank() over (partition by grain order by period_start desc) <= 60
order by grain, dimension, basis, value, period_start
