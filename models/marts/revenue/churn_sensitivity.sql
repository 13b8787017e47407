-- One row per basis and scenario (seeds/churn_scenarios): customers, revenue, margin of the next
-- 12 months if monthly churn changed and nothing else did (definitions §4, What if): churn and
-- inflow (those of retention_rates), revenue per customer and margin are of the last 6 complete
-- months. What would differ, not what will be (that is revenue_forecast).
{% set months = 6 %}
with

churn_scenarios as (

    select
        scenario,
        change_kind,
        change
    from {{ ref('churn_scenarios') }}

),

headcounts as (

    select
        basis,
        period_start,
        opening,
        lost,
        closing
    from {{ ref('int_retention_balances') }}
    where
        grain = 'month'
        and basis in ('orders', 'subscriptions')
        and dimension = 'all'
        and is_complete
    qualify
        row_number() over (
            partition by basis
            order by period_start desc nulls last
        ) <= {{ months }}

),

revenue_retention as (

    select
        basis,
        period_start,
        closing_revenue
    from {{ ref('revenue_retention') }}
    where grain = 'month' and dimension = 'all'

),

orders as (

    select
        {{ period_first_day("'month'", period_number("'month'", 'ordered_on')) }} as period_start,
        net_revenue,
        margin
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

value_margins as (

    select
        margin_rate,
        margin_reason
    from {{ ref('int_margin_rate') }}

),

order_months as (

    select
        'orders' as basis,
        period_start,
        sum(net_revenue) as revenue,
        -- the share of orders whose costs are known stands for all
        sum(case when margin is not null then net_revenue end) as costed_revenue,
        sum(margin) as margin
    from orders
    group by period_start

),

-- A shop's revenue comes over the month, a subscriber's MRR stands at its close; who is paused
-- inside the grace is a subscriber without.
revenue_months as (

    select
        headcounts.basis,
        headcounts.period_start,
        headcounts.opening,
        headcounts.lost,
        headcounts.closing,
        headcounts.closing + headcounts.lost - headcounts.opening as incoming,
        case headcounts.basis
            when 'subscriptions' then cast(headcounts.closing as double)
            else cast(headcounts.opening + headcounts.closing as double) / cast(2 as double)
        end as customers,
        case headcounts.basis
            when 'subscriptions' then coalesce(revenue_retention.closing_revenue, 0)
            else coalesce(order_months.revenue, 0)
        end as revenue,
        order_months.costed_revenue,
        order_months.margin
    from headcounts
    left join revenue_retention
        on
        headcounts.basis = revenue_retention.basis
        and headcounts.period_start = revenue_retention.period_start
    left join order_months
        on
        headcounts.basis = order_months.basis
        and headcounts.period_start = order_months.period_start

),

recent as (

    select
        basis,
        count(*) as complete_months,
        max_by(closing, period_start) as customers,
        cast(sum(lost) as double) / nullif(cast(sum(opening) as double), 0) as churn_rate,
        cast(sum(incoming) as double) / nullif(cast(count(*) as double), 0) as inflow,
        cast(sum(revenue) as double) / nullif(sum(customers), 0) as monthly_revenue,
        cast(sum(margin) as double) / nullif(cast(sum(costed_revenue) as double), 0) as margin_rate
    from revenue_months
    group by basis

),

changed as (

    select
        recent.basis,
        churn_scenarios.scenario,
        churn_scenarios.change_kind,
        churn_scenarios.change,
        recent.complete_months,
        recent.customers,
        recent.inflow,
        recent.monthly_revenue,
        -- orders of these months first, as their costs are the latest known
        coalesce(recent.margin_rate, value_margins.margin_rate) as margin_rate,
        value_margins.margin_rate as value_margin_rate,
        case when recent.margin_rate is null then value_margins.margin_reason end as margin_reason,
        recent.churn_rate,
        -- the greatest of nothing and 0 is 0
        case
            when recent.churn_rate is not null
                then greatest(
                        case churn_scenarios.change_kind
                            when 'points'
                                then recent.churn_rate + cast(churn_scenarios.change as double)
                            else recent.churn_rate * (1 + cast(churn_scenarios.change as double))
                        end,
                        0
                    )
        end as scenario_churn_rate
    from recent
    cross join churn_scenarios
    cross join value_margins

),

-- customers(t) = customers(t - 1) x (1 - churn) + inflow, written out
balances as (

    select
        changed.*,
        months.month,
        case
            when
                changed.scenario_churn_rate = 0
                then changed.customers + changed.inflow * months.month
            else
                changed.inflow / nullif(changed.scenario_churn_rate, 0)
                + (
                    changed.customers
                    - changed.inflow / nullif(changed.scenario_churn_rate, 0)
                ) * power(1 - changed.scenario_churn_rate, months.month)
        end as customers_then
    from changed
    cross join range(0, 13) as months (month)

),

years as (

    select
        basis,
        scenario,
        change_kind,
        change,
        complete_months,
        customers,
        churn_rate,
        scenario_churn_rate,
        margin_rate,
        value_margin_rate,
        margin_reason,
        max(monthly_revenue) as monthly_revenue,
        max(case when month = 12 then customers_then end) as customers_in_12_months,
        -- the mean of both ends of each month
        sum(customers_then * case when month in (0, 12) then 0.5 else 1 end) * max(monthly_revenue)
            as revenue
    from balances
    group by
        basis,
        scenario,
        change_kind,
        change,
        complete_months,
        customers,
        churn_rate,
        scenario_churn_rate,
        margin_rate,
        value_margin_rate,
        margin_reason

),

known as (

    select
        basis,
        scenario,
        change_kind,
        change,
        customers,
        margin_rate,
        value_margin_rate,
        margin_reason,
        case
            when complete_months < {{ months }} then 'fewer than {{ months }} complete months'
            when churn_rate is null then 'nobody to lose'
        end as reason,
        case when complete_months >= {{ months }} then churn_rate end as churn_rate,
        case when complete_months >= {{ months }} then scenario_churn_rate end
            as scenario_churn_rate,
        case when complete_months >= {{ months }} then customers_in_12_months end
            as customers_in_12_months,
        case when complete_months >= {{ months }} then cast(revenue as decimal(18, 2)) end
            as revenue,
        case
            when complete_months >= {{ months }} then cast(revenue * margin_rate as decimal(18, 2))
        end
            as margin,
        -- a customer's revenue a month over 1 ÷ churn months, no longer than the horizon
        case
            when
                complete_months >= {{ months }} and customers >= {{ var('min_customers') }}
                and scenario_churn_rate > 0
                then monthly_revenue
                    * least(
                        1 / nullif(scenario_churn_rate, 0), {{ 12 * var('value_horizon_years') }}
                    )
        end as lifetime_revenue,
        case
            when customers < {{ var('min_customers') }}
                then 'no lifetime value: fewer than {{ var("min_customers") }} customers'
            when scenario_churn_rate = 0
                then 'no lifetime value: without churn no end of a lifetime is in sight'
        end as value_reason
    from years

),

bases as (

    select
        basis,
        revenue,
        margin,
        lifetime_revenue
    from known
    where change_kind = 'points' and change = 0

),

final as (

    select
        known.basis,
        known.scenario,
        known.change_kind,
        cast(known.change as double) as change,
        known.customers,
        known.churn_rate,
        known.scenario_churn_rate,
        cast(floor(known.customers_in_12_months + 0.5) as bigint) as customers_in_12_months,
        known.revenue as revenue_12_months,
        cast(known.revenue - bases.revenue as decimal(18, 2)) as revenue_change,
        known.margin as margin_12_months,
        cast(known.margin - bases.margin as decimal(18, 2)) as margin_change,
        cast(known.lifetime_revenue * known.value_margin_rate as decimal(18, 2))
            as lifetime_value,
        cast(
            (known.lifetime_revenue - bases.lifetime_revenue) * known.value_margin_rate
            as decimal(18, 2)
        ) as lifetime_value_change,
        known.margin_reason,
        coalesce(known.reason, known.value_reason) as reason
    from known
    left join bases
        on known.basis = bases.basis

)

select * from final
