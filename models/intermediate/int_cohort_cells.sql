-- One row per basis, dimension, value, grain, cohort, grid (calendar, elapsed_30d, bracket) and age
-- in which a fact falls: its sums over the cohort's members. Cells without a fact are not there.
{% set sums = ['purchase', 'service_change', 'last_active', 'second_purchase_change'] %}
with

activity as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        age,
        fact,
        people,
        money
    from {{ ref('int_cohort_activity') }}

),

brackets as (

    select
        basis,
        customer_id,
        first_day,
        bracket
    from {{ ref('int_cohort_brackets') }}

),

cohort_values as (

    select
        basis,
        customer_id,
        dimension,
        value
    from {{ ref('int_cohort_values') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

calendar_sums as (

    select
        activity.basis,
        cohort_values.dimension,
        cohort_values.value,
        activity.grid as grain,
        {{ period_number('activity.grid', 'activity.first_day') }} as cohort_number,
        'calendar' as grid,
        activity.age,
        activity.fact,
        sum(activity.people) as people,
        sum(activity.money) as money
    from activity
    inner join dimension_grains
        on activity.grid = dimension_grains.grain
    inner join cohort_values
        on
        activity.basis = cohort_values.basis
        and activity.customer_id = cohort_values.customer_id
        and dimension_grains.dimension = cohort_values.dimension
    where activity.grid <> 'elapsed_30d'
    group by all

),

elapsed_activity as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        age,
        fact,
        people,
        money
    from activity
    where grid = 'elapsed_30d'

    union all

    select
        basis,
        customer_id,
        first_day,
        'bracket' as grid,
        bracket as age,
        'purchase' as fact,
        1 as people,
        cast(0 as decimal(18, 2)) as money
    from brackets

),

-- ages counted from the first day are the same in every grain: people are added up once, by week
-- and month of their first day; cohorts of quarters and years are sums of these
elapsed_sums as (

    select
        elapsed_activity.basis,
        cohort_values.dimension,
        cohort_values.value,
        elapsed_activity.grid,
        elapsed_activity.age,
        elapsed_activity.fact,
        case
            when dimension_weeks.grain is not null
                then {{ period_number("'week'", 'elapsed_activity.first_day') }}
        end as week_number,
        {{ period_number("'month'", 'elapsed_activity.first_day') }} as month_number,
        sum(elapsed_activity.people) as people,
        sum(elapsed_activity.money) as money
    from elapsed_activity
    inner join cohort_values
        on
        elapsed_activity.basis = cohort_values.basis
        and elapsed_activity.customer_id = cohort_values.customer_id
    left join dimension_grains as dimension_weeks
        on
        cohort_values.dimension = dimension_weeks.dimension
        and dimension_weeks.grain = 'week'
    group by all

),

elapsed_by_grain as (

    select
        elapsed_sums.basis,
        elapsed_sums.dimension,
        elapsed_sums.value,
        dimension_grains.grain,
        case
            when dimension_grains.grain = 'week' then elapsed_sums.week_number
            else {{ period_number(
                'dimension_grains.grain', period_first_day("'month'", 'elapsed_sums.month_number')
            ) }}
        end as cohort_number,
        elapsed_sums.grid,
        elapsed_sums.age,
        elapsed_sums.fact,
        elapsed_sums.people,
        elapsed_sums.money
    from elapsed_sums
    inner join dimension_grains
        on elapsed_sums.dimension = dimension_grains.dimension

),

sums as (

    select
        basis,
        dimension,
        value,
        grain,
        cohort_number,
        grid,
        age,
        fact,
        people,
        money
    from calendar_sums

    union all

    select
        basis,
        dimension,
        value,
        grain,
        cohort_number,
        grid,
        age,
        fact,
        people,
        money
    from elapsed_by_grain

),

final as (

    select
        basis,
        dimension,
        value,
        grain,
        cohort_number,
        grid,
        age,
        {% for fact in sums %}
            cast(coalesce(sum(people) filter (where fact = '{{ fact }}'), 0) as bigint)
                as {{ fact }},
        {% endfor %}
        cast(coalesce(sum(money) filter (where fact = 'purchase'), 0) as decimal(18, 2))
            as revenue,
        cast(coalesce(sum(money) filter (where fact = 'mrr_change'), 0) as decimal(18, 2))
            as mrr_change
    from sums
    group by
        basis,
        dimension,
        value,
        grain,
        cohort_number,
        grid,
        age

)

select * from final
