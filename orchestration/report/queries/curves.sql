-- the average over mature cohorts: sum of numerators over sum of denominators (definitions E51)
select grain, basis, measure, age, sum(numerator) / nullif(sum(denominator), 0) as rate,
    count(*) as cohorts, sum(eligible) as eligible, bool_and(is_complete) as is_complete,
    min(is_small) as is_small
from retention.cohort_retention
where dimension = 'all' and window_kind = 'calendar' and is_complete and eligible > 0
    and measure in ('in_period', 'repeat_by') and grain in ('month', 'quarter', 'year')
group by grain, basis, measure, age
order by grain, basis, measure, age
