-- one row per cohort with its rates by age, from from_age on, and a flag per age:
-- 0 complete, 1 incomplete, 2 small, 3 both
with firsts as (
    select grain, cohort_start, dimension, value, cohort_size
    from retention.cohort_retention
    where basis = 'any' and measure = 'in_period' and window_kind = 'calendar' and age = 0
),

-- of a dimension with many values the largest
largest as (
    select dimension, value
    from firsts
    where grain = 'month'
    group by dimension, value
    qualify row_number()
        over (partition by dimension order by sum(cohort_size) desc, value) <= 15
),

latest as (
    select distinct grain, cohort_start
    from firsts
    qualify dense_rank() over (partition by grain order by cohort_start desc)
        <= case grain when 'week' then 26 when 'month' then 36 when 'quarter' then 16 else 10 end
)

select
    grain, dimension, window_kind, measure, basis, value, cohort_start,
    any_value(cohort_size) as cohort_size, min(age) as from_age,
    list(round(rate, 4) order by age) as rates,
    string_agg(((not is_complete)::int + 2 * is_small::int)::varchar, '' order by age) as flags
from retention.cohort_retention
semi join largest using (dimension, value)
semi join latest using (grain, cohort_start)
group by grain, dimension, window_kind, measure, basis, value, cohort_start
order by grain, dimension, window_kind, measure, basis, value, cohort_start
