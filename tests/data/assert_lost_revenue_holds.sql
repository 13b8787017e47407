-- Everybody whom retention_rates counts as lost has a cost, once, and values of a dimension add up
-- to the total (definitions §4, Cost of churn; E92).
with

lost_revenue as (

    select
        period_start,
        basis,
        dimension,
        lost_customers,
        returned_since,
        annual_revenue_lost
    from {{ ref('lost_revenue') }}

),

lost_customers as (

    select
        basis,
        {{ period_first_day("'month'", 'period_number') }} as period_start,
        count(*) as lost_customers,
        sum(annual_revenue) as annual_revenue_lost
    from {{ ref('int_lost_customers') }}
    group by
        basis,
        period_number

),

sums as (

    select
        period_start,
        basis,
        dimension,
        sum(lost_customers) as lost_customers,
        sum(annual_revenue_lost) as annual_revenue_lost,
        bool_or(returned_since > lost_customers) as has_too_many_returns
    from lost_revenue
    group by
        period_start,
        basis,
        dimension

)

select
    sums.period_start,
    sums.basis,
    sums.dimension
from sums
left join lost_customers
    on
    sums.basis = lost_customers.basis
    and sums.period_start = lost_customers.period_start
where
    sums.lost_customers <> coalesce(lost_customers.lost_customers, 0)
    or sums.annual_revenue_lost <> coalesce(lost_customers.annual_revenue_lost, 0)
    or sums.has_too_many_returns
