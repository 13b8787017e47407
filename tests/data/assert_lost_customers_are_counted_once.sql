-- What counts lost people beside retention_rates counts the same ones (definitions §2): the formula
-- and the what-if over the last 6 complete months, policy holdfast in every month.
with

retention_rates as (

    select *
    from {{ ref('retention_rates') }}
    where grain = 'month'

),

recent as (

    select
        basis,
        dimension,
        value,
        count(*) as months,
        sum(opening) as opening,
        sum(lost) as lost,
        max_by(closing, period_start) as closing
    from retention_rates
    where
        is_complete
        and period_start > (
            select {{ add_months('max(rates.period_start)', -6) }}
            from retention_rates as rates
            where rates.is_complete
        )
    group by
        basis,
        dimension,
        value

)

select
    'formula' as broken,
    formulas.basis || ' ' || formulas.dimension || ' ' || formulas.value as of_what
from {{ ref('formula_lifetime_value') }} as formulas
left join recent
    on
    formulas.basis = recent.basis
    and formulas.dimension = recent.dimension
    and formulas.value = recent.value
where
    formulas.opening_customers is distinct from recent.opening
    or formulas.lost_customers is distinct from recent.lost
    or formulas.customers is distinct from recent.closing

union all

select
    'what if' as broken,
    scenarios.basis as of_what
from {{ ref('churn_sensitivity') }} as scenarios
left join recent
    on
    scenarios.basis = recent.basis
    and recent.dimension = 'all'
where
    scenarios.customers is distinct from recent.closing
    or (
        recent.months = 6
        and abs(
            scenarios.churn_rate
            - cast(recent.lost as double) / nullif(cast(recent.opening as double), 0)
        ) > 1e-9
    )

union all

select
    'policy holdfast' as broken,
    cast(policies.period_start as varchar) as of_what
from {{ ref('metric_policy_comparison') }} as policies
inner join retention_rates
    on
    policies.period_start = retention_rates.period_start
    and retention_rates.basis = 'subscriptions'
    and retention_rates.dimension = 'all'
where
    policies.policy = 'holdfast'
    and (
        policies.opening_customers is distinct from retention_rates.opening
        or policies.churn_denominator is distinct from retention_rates.opening
        or policies.new_customers is distinct from retention_rates.new
        or policies.reactivated_customers is distinct from retention_rates.returned
        or policies.lost_customers is distinct from retention_rates.lost
        or policies.closing_customers is distinct from retention_rates.closing
        or abs(policies.customer_churn_rate - retention_rates.churn_rate) > 1e-9
    )
