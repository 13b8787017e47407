-- One row per basis, value of a dimension, grain, cohort, grid (calendar, elapsed_30d, bracket) and
-- age in which something changes the cell: its sums over the cohort's members. Others are not
-- there. In the elapsed grid nobody counts after the last window wholly before the cutoff.
{% set counts = ['purchase', 'service_change', 'last_active', 'second_purchase_change'] %}
{% set money = ['revenue', 'mrr_change'] %}
with

sums as (

    select
        basis,
        is_only_basis,
        value_number,
        cohort_from,
        active_from,
        last_window,
        grid,
        active_window,
        bought_week,
        bought_month,
        bought_quarter,
        bought_year,
        bought_elapsed_30d,
        last_active,
        second_purchase_change,
        service_change,
        revenue,
        mrr_change
    from {{ ref('int_cohort_sums') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

value_numbers as (

    select
        value_number,
        dimension
    from {{ ref('int_value_numbers') }}

),

value_grains as (

    select
        value_numbers.value_number,
        dimension_grains.grain
    from value_numbers
    inner join dimension_grains
        on value_numbers.dimension = dimension_grains.dimension

),

aged as (

    select
        sums.basis,
        sums.is_only_basis,
        sums.value_number,
        value_grains.grain,
        {{ period_number('value_grains.grain', 'sums.cohort_from') }} as cohort_number,
        'calendar' as grid,
        {{ period_number('value_grains.grain', 'sums.active_from') }}
        - {{ period_number('value_grains.grain', 'sums.cohort_from') }} as age,
        {{ max_age('value_grains.grain') }} as last_age,
        case value_grains.grain
            when 'week' then sums.bought_week
            when 'month' then sums.bought_month
            when 'quarter' then sums.bought_quarter
            when 'year' then sums.bought_year
        end as purchase,
        sums.service_change,
        sums.last_active,
        sums.second_purchase_change,
        sums.revenue,
        sums.mrr_change
    from sums
    inner join value_grains
        on sums.value_number = value_grains.value_number
    where sums.grid is null or sums.grid = value_grains.grain

    union all

    select
        sums.basis,
        sums.is_only_basis,
        sums.value_number,
        value_grains.grain,
        {{ period_number('value_grains.grain', 'sums.cohort_from') }} as cohort_number,
        coalesce(sums.grid, 'elapsed_30d') as grid,
        sums.active_window as age,
        coalesce(sums.last_window, sums.active_window) as last_age,
        sums.bought_elapsed_30d as purchase,
        sums.service_change,
        sums.last_active,
        sums.second_purchase_change,
        sums.revenue,
        sums.mrr_change
    from sums
    inner join value_grains
        on sums.value_number = value_grains.value_number
    where sums.grid is null or sums.grid in ('elapsed_30d', 'bracket')

),

counted as (

    select
        basis,
        is_only_basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        purchase,
        service_change,
        last_active,
        second_purchase_change,
        revenue,
        mrr_change
    from aged
    where age <= last_age

    union all

    -- activity after the last age is seen by on_or_after of the ages before
    select
        basis,
        is_only_basis,
        value_number,
        grain,
        cohort_number,
        grid,
        last_age as age,
        0 as purchase,
        0 as service_change,
        last_active,
        0 as second_purchase_change,
        cast(0 as decimal(18, 2)) as revenue,
        cast(0 as decimal(18, 2)) as mrr_change
    from aged
    where age > last_age and last_age >= 0 and last_active > 0

    union all

    -- what changed and still holds leaves with the last window
    select
        basis,
        is_only_basis,
        value_number,
        grain,
        cohort_number,
        grid,
        last_age + 1 as age,
        0 as purchase,
        -service_change as service_change,
        0 as last_active,
        -second_purchase_change as second_purchase_change,
        cast(0 as decimal(18, 2)) as revenue,
        -mrr_change as mrr_change
    from aged
    where
        grid = 'elapsed_30d' and age <= last_age
        and (service_change <> 0 or second_purchase_change <> 0 or mrr_change <> 0)

),

-- who has entered one basis counts the same in any
by_basis as (

    select
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        {{ (counts + money) | join(',\n        ') }}
    from counted

    union all

    select
        'any' as basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        {{ (counts + money) | join(',\n        ') }}
    from counted
    where is_only_basis

),

final as (

    select
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        {% for sum in counts %}
            cast(sum({{ sum }}) as bigint) as {{ sum }},
        {% endfor %}
        {% for sum in money %}
            cast(sum({{ sum }}) as decimal(18, 2)) as {{ sum }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from by_basis
    group by
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age

)

select * from final
