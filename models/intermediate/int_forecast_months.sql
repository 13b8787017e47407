-- One row per complete month of history: what the forecast is made from and judged by (definitions
-- §4, Forecast). MRR is null where the business has no subscriptions.
with

periods as (

    select
        period_number as month_number,
        period_start
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

cohorts as (

    select
        month_number,
        sum(new_customers) as new_customers,
        sum(net_revenue) as order_revenue,
        sum(net_revenue) filter (where cohort_number is null) as anonymous_revenue,
        sum(subscription_order_revenue) as subscription_order_revenue
    from {{ ref('int_forecast_cohorts') }}
    group by month_number

),

value_numbers as (

    select value_number
    from {{ ref('int_value_numbers') }}
    where dimension = 'all'

),

revenue_ends as (

    select
        period_start,
        value_number,
        opening_amount,
        closing_amount
    from {{ ref('int_revenue_ends') }}
    where basis = 'subscriptions' and grain = 'month'

),

revenue_flows as (

    select
        period_start,
        value_number,
        new_amount,
        reactivation_amount,
        resume_amount,
        expansion_amount,
        contraction_amount,
        pause_amount,
        churn_amount
    from {{ ref('int_revenue_flows') }}
    where basis = 'subscriptions' and grain = 'month'

),

movements as (

    select
        revenue_ends.period_start,
        revenue_ends.opening_amount as opening_mrr,
        revenue_flows.new_amount + revenue_flows.reactivation_amount + revenue_flows.resume_amount
            as gained_mrr,
        revenue_flows.contraction_amount + revenue_flows.pause_amount + revenue_flows.churn_amount
        - revenue_flows.expansion_amount as lost_mrr,
        revenue_ends.closing_amount as closing_mrr
    from revenue_ends
    inner join value_numbers
        on revenue_ends.value_number = value_numbers.value_number
    left join revenue_flows
        on
        revenue_ends.period_start = revenue_flows.period_start
        and revenue_ends.value_number = revenue_flows.value_number

),

has_mrr as (

    select count(*) > 0 as is_subscribed
    from movements

),

final as (

    select
        periods.month_number,
        periods.period_start,
        row_number() over (order by periods.month_number nulls first) as months_known,
        coalesce(cohorts.new_customers, 0) as new_customers,
        cast(coalesce(cohorts.order_revenue, 0) as double) as order_revenue,
        cast(coalesce(cohorts.anonymous_revenue, 0) as double) as anonymous_revenue,
        cast(coalesce(cohorts.subscription_order_revenue, 0) as double)
            as subscription_order_revenue,
        case when has_mrr.is_subscribed then cast(coalesce(movements.opening_mrr, 0) as double) end
            as opening_mrr,
        case when has_mrr.is_subscribed then cast(coalesce(movements.gained_mrr, 0) as double) end
            as gained_mrr,
        case when has_mrr.is_subscribed then cast(coalesce(movements.lost_mrr, 0) as double) end
            as lost_mrr,
        case when has_mrr.is_subscribed then cast(coalesce(movements.closing_mrr, 0) as double) end
            as closing_mrr
    from periods
    cross join has_mrr
    left join cohorts
        on periods.month_number = cohorts.month_number
    left join movements
        on periods.period_start = movements.period_start

)

select * from final
