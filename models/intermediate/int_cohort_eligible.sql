-- One row per basis, dimension, value, grain, cohort, grid and age: the people who are eligible up
-- to this age and no further (elapsed_30d: a sum over this and later ages gives the eligible of a
-- cell) or at it (bracket), and the money that is their denominator.
{{ config(materialized='view') }}
with

cohort_sizes as (

    select
        basis,
        dimension,
        value_number,
        first_day,
        observed_days,
        last_window,
        people,
        first_window_revenue,
        first_mrr
    from {{ ref('int_cohort_sizes') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

brackets as (

    select
        bracket,
        days_to
    from {{ ref('retention_brackets') }}

),

eligible_days as (

    select
        basis,
        dimension,
        value_number,
        first_day,
        'elapsed_30d' as grid,
        last_window as age,
        people,
        first_window_revenue,
        first_mrr
    from cohort_sizes
    where last_window >= 0

    union all

    select
        cohort_sizes.basis,
        cohort_sizes.dimension,
        cohort_sizes.value_number,
        cohort_sizes.first_day,
        'bracket' as grid,
        brackets.bracket as age,
        cohort_sizes.people,
        cohort_sizes.first_window_revenue,
        cohort_sizes.first_mrr
    from cohort_sizes
    inner join brackets
        on cohort_sizes.observed_days >= brackets.days_to

),

final as (

    select
        eligible_days.basis,
        eligible_days.value_number,
        dimension_grains.grain,
        {{ period_number('dimension_grains.grain', 'eligible_days.first_day') }} as cohort_number,
        eligible_days.grid,
        eligible_days.age,
        sum(eligible_days.people) as people,
        sum(eligible_days.first_window_revenue) as first_window_revenue,
        sum(eligible_days.first_mrr) as first_mrr
    from eligible_days
    inner join dimension_grains
        on eligible_days.dimension = dimension_grains.dimension
    group by all

)

select * from final
