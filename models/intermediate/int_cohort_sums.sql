-- One row per basis (is_only_basis: and any), value of a dimension, month of the first day, last
-- whole window, grid (where it counts in one alone), month and window of what happened: its sums
-- over the members. Weeks, where needed, cut the months. Cells of all grains and grids are sums of
-- these rows.
{% set grids = ['week', 'month', 'quarter', 'year', 'elapsed_30d'] %}
with

activity as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        grid,
        active_on,
        {% for grid in grids %}
            bought_{{ grid }},
        {% endfor %}
        last_active,
        second_purchase_change,
        service_change,
        revenue,
        mrr_change
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
        is_only_basis,
        dimension,
        value_number
    from {{ ref('int_cohort_values') }}

),

dimension_weeks as (

    select
        dimension,
        bool_or(grain = 'week') as has_weeks
    from {{ ref('int_dimension_grains') }}
    group by dimension

),

facts as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        grid,
        active_on,
        {{ cohort_age("'elapsed_30d'", 'first_day', 'active_on') }} as active_window,
        {% for grid in grids %}
            bought_{{ grid }},
        {% endfor %}
        last_active,
        second_purchase_change,
        service_change,
        revenue,
        mrr_change
    from activity

    union all

    select
        basis,
        customer_id,
        first_day,
        cast(null as integer) as last_window,
        'bracket' as grid,
        cast(null as date) as active_on,
        bracket as active_window,
        {% for grid in grids %}
            {{ 1 if grid == 'elapsed_30d' else 0 }} as bought_{{ grid }},
        {% endfor %}
        0 as last_active,
        0 as second_purchase_change,
        0 as service_change,
        cast(0 as decimal(18, 2)) as revenue,
        cast(0 as decimal(18, 2)) as mrr_change
    from brackets

),

months as (

    select
        basis,
        customer_id,
        {% for day in ['first_day', 'active_on'] %}
            cast(date_trunc('month', {{ day }}) as date) as {{ day }}_month,
            greatest(
                cast(date_trunc('month', {{ day }}) as date),
                {{ period_first_day("'week'", period_number("'week'", day)) }}
            ) as {{ day }}_week_of_month,
        {% endfor %}
        last_window,
        grid,
        active_window,
        {% for grid in grids %}
            bought_{{ grid }},
        {% endfor %}
        last_active,
        second_purchase_change,
        service_change,
        revenue,
        mrr_change
    from facts

),

final as (

    select
        months.basis,
        cohort_values.is_only_basis,
        cohort_values.value_number,
        case
            when dimension_weeks.has_weeks then months.first_day_week_of_month
            else months.first_day_month
        end as cohort_from,
        case
            when dimension_weeks.has_weeks then months.active_on_week_of_month
            else months.active_on_month
        end as active_from,
        months.last_window,
        months.grid,
        months.active_window,
        {% for grid in grids %}
            cast(sum(months.bought_{{ grid }}) as bigint) as bought_{{ grid }},
        {% endfor %}
        cast(sum(months.last_active) as bigint) as last_active,
        cast(sum(months.second_purchase_change) as bigint) as second_purchase_change,
        cast(sum(months.service_change) as bigint) as service_change,
        cast(sum(months.revenue) as decimal(18, 2)) as revenue,
        cast(sum(months.mrr_change) as decimal(18, 2)) as mrr_change
    from months
    inner join cohort_values
        on
        months.basis = cohort_values.basis
        and months.customer_id = cohort_values.customer_id
    inner join dimension_weeks
        on cohort_values.dimension = dimension_weeks.dimension
    group by all

)

select * from final
