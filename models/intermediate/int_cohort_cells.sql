-- One row per basis, value of a dimension, grain, cohort, grid (calendar, elapsed_30d, bracket) and
-- age in which something changes the cell: its sums over the cohort's members. Others are not
-- there.
{% set sums = ['purchase', 'service_change', 'last_active', 'second_purchase_change'] %}
{% set money = ['revenue', 'mrr_change'] %}
with

activity as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        age,
        purchase,
        service_change,
        last_active,
        second_purchase_change,
        revenue,
        mrr_change
    from {{ ref('int_cohort_activity') }}

    union all

    select
        basis,
        customer_id,
        first_day,
        'bracket' as grid,
        bracket as age,
        1 as purchase,
        0 as service_change,
        0 as last_active,
        0 as second_purchase_change,
        cast(0 as decimal(18, 2)) as revenue,
        cast(0 as decimal(18, 2)) as mrr_change
    from {{ ref('int_cohort_brackets') }}

),

cohort_values as (

    select
        basis,
        customer_id,
        dimension,
        value_number
    from {{ ref('int_cohort_values') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

-- which dimensions a grid of ages needs: calendar grids those of their grain, the others all
dimension_grids as (

    select
        dimension,
        grain as grid,
        false as has_weeks
    from dimension_grains

    union all

    select
        dimension,
        'elapsed_30d' as grid,
        bool_or(grain = 'week') as has_weeks
    from dimension_grains
    group by dimension

    union all

    select
        dimension,
        'bracket' as grid,
        bool_or(grain = 'week') as has_weeks
    from dimension_grains
    group by dimension

),

value_grids as (

    select
        cohort_values.basis,
        cohort_values.customer_id,
        cohort_values.dimension,
        cohort_values.value_number,
        dimension_grids.grid,
        dimension_grids.has_weeks
    from cohort_values
    inner join dimension_grids
        on cohort_values.dimension = dimension_grids.dimension

),

-- ages counted from the first day are the same in every grain: people are added up once, by month
-- and where needed week of their first day; cohorts of quarters and years are sums of these
sums as (

    select
        activity.basis,
        value_grids.dimension,
        value_grids.value_number,
        activity.grid,
        case
            when activity.grid in ('elapsed_30d', 'bracket')
                then {{ period_number("'month'", 'activity.first_day') }}
            else {{ period_number('activity.grid', 'activity.first_day') }}
        end as cohort_number,
        case
            when value_grids.has_weeks
                then {{ period_number("'week'", 'activity.first_day') }}
        end as week_number,
        activity.age,
        {% for sum in sums + money %}
            sum(activity.{{ sum }}) as {{ sum }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from activity
    inner join value_grids
        on
        activity.basis = value_grids.basis
        and activity.customer_id = value_grids.customer_id
        and activity.grid = value_grids.grid
    group by all

),

sums_by_grain as (

    select
        basis,
        value_number,
        grid as grain,
        cohort_number,
        'calendar' as grid,
        age,
        purchase,
        service_change,
        last_active,
        second_purchase_change,
        revenue,
        mrr_change
    from sums
    where grid not in ('elapsed_30d', 'bracket')

    union all

    select
        sums.basis,
        sums.value_number,
        dimension_grains.grain,
        case
            when dimension_grains.grain = 'week' then sums.week_number
            else {{ period_number(
                'dimension_grains.grain', period_first_day("'month'", 'sums.cohort_number')
            ) }}
        end as cohort_number,
        sums.grid,
        sums.age,
        sums.purchase,
        sums.service_change,
        sums.last_active,
        sums.second_purchase_change,
        sums.revenue,
        sums.mrr_change
    from sums
    inner join dimension_grains
        on sums.dimension = dimension_grains.dimension
    where sums.grid in ('elapsed_30d', 'bracket')

),

final as (

    select
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        {% for sum in sums %}
            cast(sum({{ sum }}) as bigint) as {{ sum }},
        {% endfor %}
        {% for sum in money %}
            cast(sum({{ sum }}) as decimal(18, 2)) as {{ sum }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from sums_by_grain
    group by
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age

)

select * from final
