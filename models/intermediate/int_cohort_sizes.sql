-- One row per basis, value of a dimension and first day: the people who came that day, the net
-- revenue of their first 30 days, and their first MRR. Additive over days, so cohorts of every
-- grain are sums of it.
with

members as (

    select
        basis,
        customer_id,
        observed_days,
        first_window_revenue,
        first_mrr,
        is_left_truncated
    from {{ ref('int_cohort_members') }}

),

cohort_values as (

    select
        basis,
        customer_id,
        first_day,
        dimension,
        value_number
    from {{ ref('int_cohort_values') }}

),

final as (

    select
        cohort_values.basis,
        cohort_values.dimension,
        cohort_values.value_number,
        cohort_values.first_day,
        members.observed_days,
        members.is_left_truncated,
        count(*) as people,
        cast(sum(members.first_window_revenue) as decimal(18, 2)) as first_window_revenue,
        cast(sum(members.first_mrr) as decimal(18, 2)) as first_mrr
    from cohort_values
    inner join members
        on
        cohort_values.basis = members.basis
        and cohort_values.customer_id = members.customer_id
    group by
        cohort_values.basis,
        cohort_values.dimension,
        cohort_values.value_number,
        cohort_values.first_day,
        members.observed_days,
        members.is_left_truncated

)

select * from final
