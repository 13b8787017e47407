-- Shares of people lie between 0 and 1 (E94); nobody is missing from age 0 of those who buy;
-- repeat_by never falls and on_or_after never rises among complete calendar cells; in_period is
-- part of on_or_after; rates are null exactly where nobody is eligible or the denominator is 0
-- (E49, E50); every age up to the last one is there.
with

cells as (

    select
        grain,
        cohort_start,
        age,
        measure,
        basis,
        dimension,
        value,
        window_kind,
        cohort_size,
        eligible,
        numerator,
        denominator,
        rate,
        rate_low,
        rate_high,
        is_complete,
        lag(numerator) over curve as previous_numerator,
        lag(age) over curve as previous_age
    from {{ ref('cohort_retention') }}
    window curve as (
        partition by grain, cohort_start, measure, basis, dimension, value, window_kind
        order by age nulls first
    )

),

problems as (

    select
        grain,
        cohort_start,
        age,
        measure,
        basis,
        dimension,
        value,
        window_kind,
        case
            when measure not in ('revenue', 'mrr') and (numerator < 0 or numerator > cohort_size)
                then 'more people than the cohort has'
            when measure not in ('revenue', 'mrr') and rate not between 0 and 1
                then 'a share outside 0 to 1'
            when eligible > cohort_size then 'more eligible than the cohort has'
            when measure not in ('revenue', 'mrr') and rate is not null
                and coalesce(rate not between rate_low and rate_high, true)
                then 'a rate outside its interval, or without one'
            when (rate is null) <> (eligible = 0 or denominator = 0)
                then 'a rate where none can be, or none where one can'
            when
                window_kind = 'calendar' and basis = 'orders' and age = 0
                and measure in ('in_period', 'on_or_after') and numerator <> cohort_size
                then 'somebody did not buy in their first period'
            when
                window_kind = 'calendar' and measure = 'repeat_by'
                and numerator < previous_numerator
                then 'repeat_by falls'
            when
                window_kind = 'calendar' and measure = 'on_or_after'
                and numerator > previous_numerator
                then 'on_or_after rises'
            when measure <> 'bracket' and age <> coalesce(previous_age + 1, 0)
                then 'an age is missing'
        end as problem
    from cells

    union all

    select
        grain,
        cohort_start,
        age,
        'in_period' as measure,
        basis,
        dimension,
        value,
        window_kind,
        'more people in a period than on or after it' as problem
    from cells
    group by
        grain,
        cohort_start,
        age,
        basis,
        dimension,
        value,
        window_kind
    having
        max(case when measure = 'in_period' then numerator end)
        > max(case when measure = 'on_or_after' then numerator end)

)

select
    grain,
    cohort_start,
    age,
    measure,
    basis,
    dimension,
    value,
    window_kind,
    problem
from problems
where problem is not null
