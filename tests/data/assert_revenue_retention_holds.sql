-- The book closes: in the total nothing moves between values, values add up to the total, a month
-- opens where the one before closed, GRR and NRR are what churn leaves, shares lie in 0-1 (E92,
-- E94); months of subscriptions are those of mrr_movements, people of orders those of
-- retention_rates, which come by other ways.
{% set additive = [
    'opening_customers', 'lost_customers', 'closing_customers', 'opening_revenue', 'new_revenue',
    'reactivation_revenue', 'resume_revenue', 'expansion_revenue', 'contraction_revenue',
    'pause_revenue', 'churn_revenue', 'involuntary_churn_revenue', 'fx_revenue', 'closing_revenue'
] %}
with

revenue_retention as (

    select
        grain,
        period_start,
        basis,
        dimension,
        value,
        opening_customers,
        lost_customers,
        closing_customers,
        opening_revenue,
        new_revenue,
        reactivation_revenue,
        resume_revenue,
        expansion_revenue,
        contraction_revenue,
        pause_revenue,
        churn_revenue,
        involuntary_churn_revenue,
        fx_revenue,
        transfer_revenue,
        closing_revenue,
        revenue_churn_rate,
        gross_churn_rate,
        net_churn_rate,
        net_churn_with_reactivation_rate,
        gross_retention_rate,
        net_retention_rate,
        net_retention_with_reactivation_rate,
        involuntary_churn_share,
        is_complete and opening_revenue > 0 as has_rates
    from {{ ref('revenue_retention') }}

),

retention_rates as (

    select
        grain,
        period_start,
        basis,
        dimension,
        value,
        opening,
        lost,
        closing
    from {{ ref('retention_rates') }}
    where basis = 'orders'

),

mrr_movements as (

    select
        period_start,
        sum(opening_mrr) as opening_revenue,
        sum(new_mrr) as new_revenue,
        sum(reactivation_mrr) as reactivation_revenue,
        sum(resume_mrr) as resume_revenue,
        sum(expansion_mrr) as expansion_revenue,
        sum(contraction_mrr) as contraction_revenue,
        sum(pause_mrr) as pause_revenue,
        sum(churn_mrr) as churn_revenue,
        sum(case when churn_type = 'involuntary' then churn_mrr else 0 end)
            as involuntary_churn_revenue,
        sum(fx_mrr) as fx_revenue,
        sum(closing_mrr) as closing_revenue
    from {{ ref('mrr_movements') }}
    group by period_start

),

sums as (

    select
        grain,
        period_start,
        basis,
        dimension,
        {% for column in additive %}
            sum({{ column }}) as {{ column }},
        {% endfor %}
        sum(transfer_revenue) as transfer_revenue
    from revenue_retention
    group by
        grain,
        period_start,
        basis,
        dimension

),

months as (

    select
        period_start,
        basis,
        dimension,
        value,
        opening_customers,
        opening_revenue,
        lag(closing_customers) over value_months as previous_customers,
        lag(closing_revenue) over value_months as previous_revenue
    from revenue_retention
    where grain = 'month'
    window value_months as (
        partition by basis, dimension, value
        order by period_start nulls first
    )

)

select
    'lines' as broken,
    grain,
    period_start,
    basis,
    dimension,
    value
from revenue_retention
where
    opening_revenue + new_revenue + reactivation_revenue + resume_revenue + expansion_revenue
    - contraction_revenue - pause_revenue - churn_revenue + fx_revenue + transfer_revenue
    <> closing_revenue
    or lost_customers > opening_customers
    or involuntary_churn_revenue > churn_revenue
    or (gross_retention_rate is not null) <> has_rates
    or (gross_churn_rate is not null) <> has_rates
    or (revenue_churn_rate is not null) <> has_rates
    or (net_retention_rate is not null) <> has_rates
    or (net_churn_rate is not null) <> has_rates
    or (net_retention_with_reactivation_rate is not null) <> has_rates
    or (net_churn_with_reactivation_rate is not null) <> has_rates
    or abs(gross_retention_rate - (1 - gross_churn_rate)) > 1e-9
    or abs(net_retention_rate - (1 - net_churn_rate)) > 1e-9
    or abs(net_retention_with_reactivation_rate - (1 - net_churn_with_reactivation_rate)) > 1e-9
    or gross_retention_rate not between 0 and 1
    or gross_churn_rate not between 0 and 1
    or revenue_churn_rate not between 0 and gross_churn_rate
    or involuntary_churn_share not between 0 and 1
    or least(
        opening_revenue, new_revenue, reactivation_revenue, resume_revenue, expansion_revenue,
        contraction_revenue, pause_revenue, churn_revenue, closing_revenue
    ) < 0

union all

select
    'values' as broken,
    sums.grain,
    sums.period_start,
    sums.basis,
    sums.dimension,
    cast(null as varchar) as value
from sums
inner join sums as totals
    on
    sums.grain = totals.grain
    and sums.period_start = totals.period_start
    and sums.basis = totals.basis
    and totals.dimension = 'all'
where
    sums.transfer_revenue <> 0
    {% for column in additive %}
        or sums.{{ column }} <> totals.{{ column }}
    {% endfor %}

union all

select
    'next month' as broken,
    'month' as grain,
    period_start,
    basis,
    dimension,
    value
from months
where opening_customers <> previous_customers or opening_revenue <> previous_revenue

union all

select
    'people' as broken,
    revenue_retention.grain,
    revenue_retention.period_start,
    revenue_retention.basis,
    revenue_retention.dimension,
    revenue_retention.value
from revenue_retention
inner join retention_rates
    on
    revenue_retention.grain = retention_rates.grain
    and revenue_retention.period_start = retention_rates.period_start
    and revenue_retention.basis = retention_rates.basis
    and revenue_retention.dimension = retention_rates.dimension
    and revenue_retention.value = retention_rates.value
where
    revenue_retention.opening_customers <> retention_rates.opening
    or revenue_retention.lost_customers <> retention_rates.lost
    or revenue_retention.closing_customers <> retention_rates.closing

union all

select
    'movements' as broken,
    'month' as grain,
    mrr_movements.period_start,
    'subscriptions' as basis,
    'all' as dimension,
    'all' as value
from mrr_movements
left join revenue_retention
    on
    mrr_movements.period_start = revenue_retention.period_start
    and revenue_retention.grain = 'month'
    and revenue_retention.basis = 'subscriptions'
    and revenue_retention.dimension = 'all'
where
    {% for line in [
        'opening', 'new', 'reactivation', 'resume', 'expansion', 'contraction', 'pause', 'churn',
        'involuntary_churn', 'fx', 'closing'
    ] %}
        mrr_movements.{{ line }}_revenue
        is distinct from revenue_retention.{{ line }}_revenue
        {% if not loop.last %}or{% endif %}
    {% endfor %}
