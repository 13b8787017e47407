-- one row per cohort with its rates by age, from from_age on, and a flag per age:
-- 0 complete, 1 incomplete, 2 small, 3 both
with cells as (
    select
        grain, cohort_start, age, measure, basis, dimension, value, window_kind, cohort_size,
        numerator, denominator, rate, eligible, is_complete, is_small
    from retention.cohort_retention
    -- dimensions with many values: the largest
    semi join (
        select dimension, value
        from retention.cohort_retention
        where grain = 'month' and basis = 'any' and measure = 'in_period'
            and window_kind = 'calendar' and age = 0
        group by dimension, value
        qualify row_number()
            over (partition by dimension order by sum(cohort_size) desc, value) <= 15
    ) using (dimension, value)
    qualify dense_rank() over (partition by grain order by cohort_start desc)
        <= case grain when 'week' then 26 when 'month' then 36 when 'quarter' then 16 else 10 end
)

select
    grain, dimension, window_kind, measure, basis, value, cohort_start,
    any_value(cohort_size) as cohort_size, min(age) as from_age,
    list(round(rate, 4) order by age) as rates,
    string_agg(((not is_complete)::int + 2 * is_small::int)::varchar, '' order by age) as flags
from cells
group by grain, dimension, window_kind, measure, basis, value, cohort_start
order by grain, dimension, window_kind, measure, basis, value, cohort_start
