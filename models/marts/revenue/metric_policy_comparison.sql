-- One row per month and policy of seeds/metric_policies: the same month of subscriptions as each
-- policy counts it, ours beside ones shaped like other products (definitions §4, Policies). Policy
-- holdfast has the people of retention_rates and the money of revenue_retention. Balances and rates
-- do not add up over months, and nothing over policies.
with

policies as (

    select
        policy,
        denominator
    from {{ ref('metric_policies') }}

),

periods as (

    select
        period_number as month_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain = 'month'

),

closes as (

    select
        policy,
        month_number,
        customers,
        mrr
    from {{ ref('int_policy_closes') }}

),

movements as (

    select
        policy,
        month_number,
        departure,
        arrival,
        was_there,
        is_there,
        opening_amount,
        constant_amount,
        closing_amount,
        passing_amount
    from {{ ref('int_policy_movements') }}

),

-- Ours are counted by the lifecycle's spells, as everywhere (definitions §2): who is paused inside
-- the grace is there, and lost at its end.
holdfast_counts as (

    select
        'holdfast' as policy,
        period_number as month_number,
        opening as opening_customers,
        new as new_customers,
        returned as reactivated_customers,
        lost as lost_customers,
        closing as closing_customers
    from {{ ref('int_retention_balances') }}
    where grain = 'month' and basis = 'subscriptions' and dimension = 'all'

),

flows as (

    select
        policy,
        month_number,
        count_if(arrival = 'new') as new_customers,
        count_if(arrival = 'reactivation') as reactivated_customers,
        count_if(arrival = 'resume') as resumed_customers,
        count_if(departure = 'pause') as paused_customers,
        count_if(departure = 'churn') as lost_customers,
        sum(case when arrival = 'new' then closing_amount + passing_amount else 0 end) as new_mrr,
        sum(case when arrival = 'reactivation' then closing_amount + passing_amount else 0 end)
            as reactivation_mrr,
        sum(case when arrival = 'resume' then closing_amount else 0 end) as resume_mrr,
        sum(
            case
                when departure = 'change' then greatest(constant_amount - opening_amount, 0)
                else 0
            end
        ) as expansion_mrr,
        sum(
            case
                when departure = 'change' then greatest(opening_amount - constant_amount, 0)
                else 0
            end
        ) as contraction_mrr,
        sum(case when departure = 'pause' then opening_amount else 0 end) as pause_mrr,
        sum(case when departure = 'churn' then opening_amount + passing_amount else 0 end)
            as churn_mrr,
        -- of those who were there at the open
        sum(case when departure = 'churn' then opening_amount else 0 end) as opening_churn_mrr
    from movements
    group by
        policy,
        month_number

),

cells as (

    select
        policies.policy,
        policies.denominator,
        periods.month_number,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_final
    from policies
    cross join periods

),

-- nobody yet is no row in closes
lines as (

    select
        cells.policy,
        cells.denominator,
        cells.period_start,
        cells.period_end,
        cells.is_complete,
        cells.is_final,
        coalesce(holdfast_counts.opening_customers, openings.customers, 0) as opening_customers,
        coalesce(holdfast_counts.closing_customers, closes.customers, 0) as closing_customers,
        case when openings.policy is null then 0 else openings.mrr end as opening_mrr,
        {% for line in ['new_customers', 'reactivated_customers', 'lost_customers'] %}
            coalesce(holdfast_counts.{{ line }}, flows.{{ line }}, 0) as {{ line }},
        {% endfor %}
        {% for line in [
            'resumed_customers', 'paused_customers', 'new_mrr', 'reactivation_mrr', 'resume_mrr', 'expansion_mrr',
            'contraction_mrr', 'pause_mrr', 'churn_mrr', 'opening_churn_mrr'
        ] %}
            coalesce(flows.{{ line }}, 0) as {{ line }},
        {% endfor %}
        case when closes.policy is null then 0 else closes.mrr end as closing_mrr
    from cells
    left join closes as openings
        on
        cells.policy = openings.policy
        and cells.month_number - 1 = openings.month_number
    left join closes
        on
        cells.policy = closes.policy
        and cells.month_number = closes.month_number
    left join flows
        on
        cells.policy = flows.policy
        and cells.month_number = flows.month_number
    left join holdfast_counts
        on
        cells.policy = holdfast_counts.policy
        and cells.month_number = holdfast_counts.month_number

),

-- What is left is what exchange rates did to those there at both ends.
balanced as (

    select
        *,
        opening_customers
        + case when denominator = 'opening_and_new' then new_customers else 0 end
            as churn_denominator,
        closing_mrr - opening_mrr - new_mrr - reactivation_mrr - resume_mrr - expansion_mrr
        + contraction_mrr + pause_mrr + churn_mrr as fx_mrr,
        case when is_complete then cast(opening_mrr as double) end as divisor
    from lines

),

final as (

    select
        period_start,
        period_end,
        policy,
        cast(opening_customers as bigint) as opening_customers,
        cast(new_customers as bigint) as new_customers,
        cast(reactivated_customers as bigint) as reactivated_customers,
        cast(resumed_customers as bigint) as resumed_customers,
        cast(paused_customers as bigint) as paused_customers,
        cast(lost_customers as bigint) as lost_customers,
        cast(closing_customers as bigint) as closing_customers,
        cast(churn_denominator as bigint) as churn_denominator,
        {% for line in [
            'opening', 'new', 'reactivation', 'resume', 'expansion', 'contraction', 'pause',
            'churn', 'fx', 'closing'
        ] %}
            cast({{ line }}_mrr as decimal(18, 2)) as {{ line }}_mrr,
        {% endfor %}
        case
            when is_complete
                then cast(lost_customers as double) / nullif(cast(churn_denominator as double), 0)
        end as customer_churn_rate,
        cast(churn_mrr + contraction_mrr + pause_mrr as double)
        / nullif(divisor, 0) as gross_churn_rate,
        cast(churn_mrr + contraction_mrr + pause_mrr - expansion_mrr as double)
        / nullif(divisor, 0) as net_churn_rate,
        cast(opening_mrr - opening_churn_mrr - contraction_mrr - pause_mrr as double)
        / nullif(divisor, 0) as gross_retention_rate,
        cast(
            opening_mrr - opening_churn_mrr - contraction_mrr - pause_mrr + expansion_mrr as double
        ) / nullif(divisor, 0) as net_retention_rate,
        case
            when is_complete
                then
                    cast(new_mrr + expansion_mrr as double)
                    / nullif(cast(contraction_mrr + churn_mrr as double), 0)
        end as quick_ratio,
        contraction_mrr + churn_mrr = 0 as is_lossless,
        is_complete,
        is_final,
        opening_customers < {{ var('small_cell_size') }} as is_small
    from balanced

)

select * from final
