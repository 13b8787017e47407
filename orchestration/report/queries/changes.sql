-- churn before and after what the business changed, windows that are over
select name, basis, window_days, effective_on, churn_rate_before, churn_rate_after, difference,
    difference_low, difference_high, comparison, is_complete, is_small
from retention.change_effect
where basis = 'any' or comparison = 'against untouched'
order by effective_on, basis, window_days
