-- One row per month end from which is forecast (definitions §4, Forecast), with what stands beside
-- the cohort curves: every complete month with at least forecast_min_months of history, the latest
-- 60 of them. What it says of orders is of the twelve months that end with it, of MRR, where single
-- contracts weigh more, of twenty-four: whole years, so that no season weighs more than another.
{% set largest_kept_mrr_rate = 1.5 %}
{% set is_of_last_year = 'months.month_number > origins.month_number - 12' %}
with

months as (

    select
        month_number,
        months_known,
        new_customers,
        order_revenue,
        anonymous_revenue,
        subscription_order_revenue,
        opening_mrr,
        gained_mrr,
        lost_mrr,
        closing_mrr
    from {{ ref('int_forecast_months') }}

),

-- what came before there were buyers, orders or subscriptions is nothing, not 0
first_months as (

    select
        min(month_number) filter (where new_customers > 0) as first_buyers,
        min(month_number) filter (where order_revenue <> 0) as first_orders,
        min(month_number) filter (where closing_mrr > 0) as first_mrr
    from months

),

averages as (

    select
        origins.month_number as origin_number,
        origins.months_known,
        origins.order_revenue,
        origins.subscription_order_revenue,
        origins.closing_mrr,
        avg(months.new_customers) filter (
            where {{ is_of_last_year }} and months.month_number >= first_months.first_buyers
        ) as monthly_customers,
        avg(months.order_revenue) filter (
            where {{ is_of_last_year }} and months.month_number >= first_months.first_orders
        ) as monthly_order_revenue,
        cast(
            sum(months.anonymous_revenue) filter (where {{ is_of_last_year }}) as double
        )
        / nullif(sum(months.order_revenue) filter (where {{ is_of_last_year }}), 0)
            as anonymous_share,
        cast(
            sum(months.subscription_order_revenue) filter (where {{ is_of_last_year }}) as double
        )
        / nullif(sum(months.order_revenue) filter (where {{ is_of_last_year }}), 0)
            as subscription_order_share,
        avg(months.gained_mrr) filter (where months.month_number >= first_months.first_mrr)
            as monthly_gained_mrr,
        1 - cast(sum(months.lost_mrr) as double) / nullif(sum(months.opening_mrr), 0)
            as kept_mrr_rate
    from months as origins
    inner join months
        on
        origins.month_number >= months.month_number
        and months.month_number > origins.month_number - 24
    cross join first_months
    where origins.months_known >= {{ var('forecast_min_months') }}
    group by
        origins.month_number,
        origins.months_known,
        origins.order_revenue,
        origins.subscription_order_revenue,
        origins.closing_mrr
    qualify row_number() over (order by origins.month_number desc nulls last) <= 60

),

-- a first contract that grew twelvefold once is not forecast to do so every month
final as (

    select
        origin_number,
        months_known,
        order_revenue,
        subscription_order_revenue,
        closing_mrr,
        monthly_customers,
        monthly_order_revenue,
        anonymous_share,
        subscription_order_share,
        monthly_gained_mrr,
        case
            when kept_mrr_rate > {{ largest_kept_mrr_rate }}
                then cast({{ largest_kept_mrr_rate }} as double)
            else kept_mrr_rate
        end as kept_mrr_rate
    from averages

)

select * from final
