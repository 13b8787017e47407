-- Employees, and latest reasons, add up to what retention_rates says of the company (basis any),
-- and so do the employees' shares (definitions §3, §7).
with

company as (

    select
        grain,
        period_start,
        opening,
        lost,
        churn_rate
    from {{ ref('retention_rates') }}
    where basis = 'any' and dimension = 'all' and grain <> 'week'

),

employees as (

    select
        grain,
        period_start,
        sum(customers_at_open) as customers_at_open,
        sum(lost_customers) as lost_customers,
        sum(company_lost_share) as company_lost_share,
        bool_or(lost_customers > customers_at_open) as has_too_many
    from {{ ref('lost_customers_by_employee') }}
    group by
        grain,
        period_start

),

reasons as (

    select
        grain,
        period_start,
        sum(customers_latest) as customers_latest,
        bool_or(customers > lost_customers) as has_too_many
    from {{ ref('churn_reasons_by_period') }}
    group by
        grain,
        period_start

)

select
    company.grain,
    company.period_start
from company
left join employees
    on company.grain = employees.grain
    and company.period_start = employees.period_start
left join reasons
    on company.grain = reasons.grain
    and company.period_start = reasons.period_start
where
    company.opening <> coalesce(employees.customers_at_open, 0)
    or company.lost <> coalesce(employees.lost_customers, 0)
    or company.lost <> coalesce(reasons.customers_latest, 0)
    or employees.has_too_many
    or reasons.has_too_many
    or abs(company.churn_rate - employees.company_lost_share) > 1e-9
