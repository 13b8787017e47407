-- One row per basis, value of a dimension and first day: the people who came that day, the net
-- revenue of their first 30 days, and their first MRR. Additive over days, so cohorts of every
-- grain are sums of it.
with

members as (

    select
        basis,
        customer_id,
        observed_days,
        last_window,
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
        is_only_basis,
        value_number
    from {{ ref('int_cohort_values') }}

),

value_numbers as (

    select
        value_number,
        dimension
    from {{ ref('int_value_numbers') }}

),

sums as (

    select
        cohort_values.basis,
        cohort_values.is_only_basis,
        cohort_values.value_number,
        cohort_values.first_day,
        members.observed_days,
        members.last_window,
        members.is_left_truncated,
        count(*) as people,
        sum(members.first_window_revenue) as first_window_revenue,
        sum(members.first_mrr) as first_mrr
    from cohort_values
    inner join members
        on
        cohort_values.basis = members.basis
        and cohort_values.customer_id = members.customer_id
    group by
        cohort_values.basis,
        cohort_values.is_only_basis,
        cohort_values.value_number,
        cohort_values.first_day,
        members.observed_days,
        members.last_window,
        members.is_left_truncated

),

-- who has entered one basis counts the same in any
by_basis as (

    select
        basis,
        value_number,
        first_day,
        observed_days,
        last_window,
        is_left_truncated,
        people,
        first_window_revenue,
        first_mrr
    from sums

    union all

    select
        'any' as basis,
        value_number,
        first_day,
        observed_days,
        last_window,
        is_left_truncated,
        people,
        first_window_revenue,
        first_mrr
    from sums
    where is_only_basis

),

final as (

    select
        by_basis.basis,
        value_numbers.dimension,
        by_basis.value_number,
        by_basis.first_day,
        by_basis.observed_days,
        by_basis.last_window,
        by_basis.is_left_truncated,
        cast(sum(by_basis.people) as bigint) as people,
        cast(sum(by_basis.first_window_revenue) as decimal(18, 2)) as first_window_revenue,
        cast(sum(by_basis.first_mrr) as decimal(18, 2)) as first_mrr
    from by_basis
    inner join value_numbers
        on by_basis.value_number = value_numbers.value_number
    group by
        by_basis.basis,
        value_numbers.dimension,
        by_basis.value_number,
        by_basis.first_day,
        by_basis.observed_days,
        by_basis.last_window,
        by_basis.is_left_truncated

)

select * from final
