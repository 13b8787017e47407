-- One row per basis, dimension, value, grain, cohort, grid (calendar, elapsed_30d, bracket) and
-- age: the numerators of every measure side by side, and what they are divided by. Running sums
-- stand in for people × ages.
{{ config(materialized='view') }}
with

grid as (

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
    from {{ ref('int_cohort_grid') }}

),

cells as (

    select
        basis,
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
    from {{ ref('int_cohort_cells') }}

),

eligible as (

    select
        basis,
        value_number,
        grain,
        cohort_number,
        grid,
        age,
        people,
        first_window_revenue,
        first_mrr
    from {{ ref('int_cohort_eligible') }}

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

facts as (

    select
        grid.basis,
        grid.value_number,
        grid.grain,
        grid.cohort_number,
        grid.grid,
        grid.age,
        grid.cohort_start,
        grid.period_start,
        grid.days_from,
        grid.days_to,
        grid.cohort_size,
        grid.first_mrr,
        grid.is_complete,
        grid.is_final,
        grid.is_left_truncated,
        coalesce(cells.purchase, 0) as purchase,
        coalesce(cells.service_change, 0) as service_change,
        coalesce(cells.last_active, 0) as last_active,
        coalesce(cells.second_purchase_change, 0) as second_purchase_change,
        coalesce(cells.revenue, 0) as revenue,
        coalesce(cells.mrr_change, 0) as mrr_change,
        coalesce(eligible.people, 0) as eligible_people,
        coalesce(eligible.first_window_revenue, 0) as eligible_revenue,
        coalesce(eligible.first_mrr, 0) as eligible_mrr
    from grid
    left join cells
        on
        grid.basis = cells.basis
        and grid.value_number = cells.value_number
        and grid.grain = cells.grain
        and grid.cohort_number = cells.cohort_number
        and grid.grid = cells.grid
        and grid.age = cells.age
    left join eligible
        on
        grid.basis = eligible.basis
        and grid.value_number = eligible.value_number
        and grid.grain = eligible.grain
        and grid.cohort_number = eligible.cohort_number
        and grid.grid = eligible.grid
        and grid.age = eligible.age

),

running as (

    select
        basis,
        value_number,
        grain,
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
        is_left_truncated,
        eligible_people,
        revenue,
        purchase + sum(service_change) over to_age as in_period,
        sum(last_active) over from_age as on_or_after,
        sum(second_purchase_change) over to_age as repeat_by,
        sum(mrr_change) over to_age as mrr,
        sum(case when age = 0 then revenue end) over to_age as first_revenue,
        sum(eligible_people) over from_age as later_eligible_people,
        sum(eligible_revenue) over from_age as later_eligible_revenue,
        sum(eligible_mrr) over from_age as later_eligible_mrr
    from facts
    window
        to_age as (
            partition by basis, value_number, grain, cohort_number, grid
            order by age nulls first
            rows between unbounded preceding and current row
        ),
        from_age as (
            partition by basis, value_number, grain, cohort_number, grid
            order by age nulls first
            rows between current row and unbounded following
        )

),

measures as (

    select
        basis,
        value_number,
        grain,
        grid,
        age,
        cohort_start,
        period_start,
        days_from,
        days_to,
        cohort_size,
        case
            when grid = 'calendar' and is_complete then cohort_size
            when grid = 'calendar' then 0
            when grid = 'elapsed_30d' then later_eligible_people
            else eligible_people
        end as eligible,
        in_period,
        on_or_after,
        repeat_by,
        revenue,
        mrr,
        case
            when grid = 'calendar' then cohort_size
            else later_eligible_people
        end as people_base,
        case
            when grid = 'calendar' then first_revenue
            else later_eligible_revenue
        end as revenue_base,
        case when grid = 'calendar' then first_mrr else later_eligible_mrr end as mrr_base,
        is_complete,
        is_final,
        is_left_truncated
    from running

),

final as (

    select
        measures.basis,
        value_numbers.dimension,
        value_numbers.value,
        measures.grain,
        measures.grid,
        measures.age,
        measures.cohort_start,
        measures.period_start,
        measures.days_from,
        measures.days_to,
        measures.cohort_size,
        measures.eligible,
        measures.in_period,
        measures.on_or_after,
        measures.repeat_by,
        measures.revenue,
        measures.mrr,
        measures.people_base,
        measures.revenue_base,
        measures.mrr_base,
        measures.is_complete,
        measures.is_final,
        measures.is_left_truncated
    from measures
    inner join value_numbers
        on measures.value_number = value_numbers.value_number

)

select * from final
