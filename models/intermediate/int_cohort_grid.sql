-- One row per basis, value of a dimension, grain, cohort, grid (calendar, elapsed_30d, bracket) and
-- age that has cells: ages up to the running period (elapsed: up to the window in which the
-- cohort's earliest day stands), at most max_age; cohorts from a value's first person on, empty
-- ones too.
{{ config(materialized='view') }}
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

cohort_sizes as (

    select
        basis,
        dimension,
        value_number,
        first_day,
        is_left_truncated,
        people,
        first_mrr
    from {{ ref('int_cohort_sizes') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}

),

brackets as (

    select
        bracket,
        days_from,
        days_to
    from {{ ref('retention_brackets') }}

),

sizes as (

    select
        cohort_sizes.basis,
        cohort_sizes.value_number,
        dimension_grains.grain,
        {{ period_number('dimension_grains.grain', 'cohort_sizes.first_day') }} as cohort_number,
        sum(cohort_sizes.people) as cohort_size,
        sum(cohort_sizes.first_mrr) as first_mrr,
        bool_or(cohort_sizes.is_left_truncated) as is_left_truncated
    from cohort_sizes
    inner join dimension_grains
        on cohort_sizes.dimension = dimension_grains.dimension
    group by all

),

first_cohorts as (

    select
        basis,
        value_number,
        grain,
        min(cohort_number) as first_cohort
    from sizes
    group by
        basis,
        value_number,
        grain

),

cohorts as (

    select
        first_cohorts.basis,
        first_cohorts.value_number,
        first_cohorts.grain,
        periods.period_number as cohort_number,
        periods.period_start as cohort_start,
        periods.period_end as cohort_end,
        periods.is_complete,
        coalesce(sizes.cohort_size, 0) as cohort_size,
        coalesce(sizes.first_mrr, 0) as first_mrr,
        coalesce(sizes.is_left_truncated, false) as is_left_truncated
    from first_cohorts
    inner join periods
        on
        first_cohorts.grain = periods.grain
        and first_cohorts.first_cohort <= periods.period_number
    left join sizes
        on
        first_cohorts.basis = sizes.basis
        and first_cohorts.value_number = sizes.value_number
        and first_cohorts.grain = sizes.grain
        and periods.period_number = sizes.cohort_number

),

calendar_cells as (

    select
        cohorts.basis,
        cohorts.value_number,
        cohorts.grain,
        cohorts.cohort_number,
        'calendar' as grid,
        periods.period_number - cohorts.cohort_number as age,
        cohorts.cohort_start,
        periods.period_start,
        cast(null as integer) as days_from,
        cast(null as integer) as days_to,
        cohorts.cohort_size,
        cohorts.first_mrr,
        periods.is_complete,
        periods.is_final,
        cohorts.is_left_truncated
    from cohorts
    inner join periods
        on
        cohorts.grain = periods.grain
        and cohorts.cohort_number <= periods.period_number
        and periods.period_number - cohorts.cohort_number <= {{ max_age('periods.grain') }}

),

day_ranges as (

    select
        'elapsed_30d' as grid,
        cast(ages.age as integer) as age,
        cast(30 * ages.age as integer) as days_from,
        cast(30 * (ages.age + 1) as integer) as days_to
    from range(0, {{ var('max_age_months') }} + 1) as ages (age)

    union all

    select
        'bracket' as grid,
        bracket as age,
        days_from,
        days_to
    from brackets

),

-- whether everybody is eligible is known with the people; here is_complete says that the cohort is
elapsed_cells as (

    select
        cohorts.basis,
        cohorts.value_number,
        cohorts.grain,
        cohorts.cohort_number,
        day_ranges.grid,
        day_ranges.age,
        cohorts.cohort_start,
        {{ add_days('cohorts.cohort_start', 'day_ranges.days_from') }} as period_start,
        day_ranges.days_from,
        day_ranges.days_to,
        cohorts.cohort_size,
        cohorts.first_mrr,
        cohorts.is_complete,
        {{ add_days('cohorts.cohort_end', 'day_ranges.days_to + ' ~ var('settle_days') ~ ' - 2') }}
        <= cutoff.cutoff_day as is_final,
        cohorts.is_left_truncated
    from cohorts
    cross join day_ranges
    cross join cutoff
    where {{ add_days('cohorts.cohort_start', 'day_ranges.days_from') }} <= cutoff.cutoff_day

),

final as (

    select
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        cohort_start,
        period_start,
        days_from,
        days_to,
        cohort_size,
        first_mrr,
        is_complete,
        is_final,
        is_left_truncated
    from calendar_cells

    union all

    select
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        cohort_start,
        period_start,
        days_from,
        days_to,
        cohort_size,
        first_mrr,
        is_complete,
        is_final,
        is_left_truncated
    from elapsed_cells

)

select * from final
