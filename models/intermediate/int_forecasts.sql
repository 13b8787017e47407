-- One row per origin, horizon (1 to 12 months) and measure: what was forecast from the months up to
-- the origin alone, what "same as last month" would have said, what came (null while it has not),
-- and the error ln(actual / forecast) (definitions §4, Forecast).
with

origins as (

    select
        origin_number,
        order_revenue,
        subscription_order_revenue,
        closing_mrr,
        monthly_customers,
        monthly_order_revenue,
        anonymous_share,
        subscription_order_share,
        monthly_gained_mrr,
        kept_mrr_rate
    from {{ ref('int_forecast_origins') }}

),

months as (

    select
        month_number,
        new_customers,
        order_revenue,
        subscription_order_revenue,
        closing_mrr
    from {{ ref('int_forecast_months') }}

),

seasons as (

    select
        origin_number,
        calendar_month,
        purchase_season,
        acquisition_season
    from {{ ref('int_forecast_seasons') }}

),

curves as (

    select
        origin_number,
        age,
        revenue_per_customer
    from {{ ref('int_forecast_curves') }}

),

horizons as (

    {% for horizon in range(1, 13) %}
        select {{ horizon }} as horizon
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

targets as (

    select
        origins.origin_number,
        horizons.horizon,
        origins.origin_number + horizons.horizon as month_number
    from origins
    cross join horizons

),

-- those there are, and those expected to come; a calendar month nobody has seen has no season yet
cohorts as (

    select
        origins.origin_number,
        months.month_number as cohort_number,
        cast(months.new_customers as double) as customers
    from origins
    inner join months
        on origins.origin_number >= months.month_number

    union all

    select
        targets.origin_number,
        targets.month_number as cohort_number,
        origins.monthly_customers * coalesce(seasons.acquisition_season, 1) as customers
    from targets
    inner join origins
        on targets.origin_number = origins.origin_number
    left join seasons
        on
        targets.origin_number = seasons.origin_number
        and targets.month_number % 12 = seasons.calendar_month

),

order_forecasts as (

    select
        targets.origin_number,
        targets.horizon,
        sum(cohorts.customers * curves.revenue_per_customer)
        * coalesce(min(seasons.purchase_season), 1) as known_revenue
    from targets
    inner join cohorts
        on
        targets.origin_number = cohorts.origin_number
        and targets.month_number >= cohorts.cohort_number
    inner join curves
        on
        targets.origin_number = curves.origin_number
        and targets.month_number - cohorts.cohort_number = curves.age
    left join seasons
        on
        targets.origin_number = seasons.origin_number
        and targets.month_number % 12 = seasons.calendar_month
    group by
        targets.origin_number,
        targets.horizon

),

-- in whose 36 months nobody ordered, nothing is to come of orders: the total is MRR
order_origins as (

    select
        origins.origin_number,
        count_if(months.order_revenue <> 0) > 0 as has_orders
    from origins
    inner join months
        on
        origins.origin_number >= months.month_number
        and months.month_number > origins.origin_number - 36
    group by origins.origin_number

),

-- without revenue in twelve months there are no shares; orders of nobody alone have no cohorts, and
-- go on as an average month
combined as (

    select
        targets.origin_number,
        targets.horizon,
        targets.month_number,
        case
            when order_origins.has_orders
                then coalesce(
                        cast(order_forecasts.known_revenue as double)
                        / nullif(1 - coalesce(origins.anonymous_share, 0), 0),
                        origins.monthly_order_revenue
                    )
        end as order_forecast,
        order_origins.has_orders,
        coalesce(origins.subscription_order_share, 0) as subscription_order_share,
        origins.order_revenue as order_naive,
        origins.order_revenue - origins.subscription_order_revenue as other_naive,
        origins.closing_mrr as mrr_naive,
        -- M(h) = M(h-1) x kept + gained, h times
        origins.closing_mrr * power(origins.kept_mrr_rate, targets.horizon)
        + origins.monthly_gained_mrr
        * case
            when abs(origins.kept_mrr_rate - 1) < 0.000001 then targets.horizon
            else
                cast(power(origins.kept_mrr_rate, targets.horizon) - 1 as double)
                / nullif(origins.kept_mrr_rate - 1, 0)
        end as mrr_forecast,
        months.order_revenue,
        months.order_revenue - months.subscription_order_revenue as other_revenue,
        months.closing_mrr
    from targets
    inner join origins
        on targets.origin_number = origins.origin_number
    inner join order_origins
        on targets.origin_number = order_origins.origin_number
    left join order_forecasts
        on
        targets.origin_number = order_forecasts.origin_number
        and targets.horizon = order_forecasts.horizon
    left join months
        on targets.month_number = months.month_number

),

measures as (

    select
        origin_number,
        horizon,
        month_number,
        'order_revenue' as measure,
        order_forecast as forecast,
        order_naive as naive,
        order_revenue as actual
    from combined

    union all

    select
        origin_number,
        horizon,
        month_number,
        'mrr' as measure,
        mrr_forecast as forecast,
        mrr_naive as naive,
        closing_mrr as actual
    from combined

    union all

    -- an order that bills a subscription is in MRR already (E48)
    select
        origin_number,
        horizon,
        month_number,
        'total' as measure,
        case when has_orders then order_forecast * (1 - subscription_order_share) else 0 end
        + mrr_forecast as forecast,
        other_naive + mrr_naive as naive,
        other_revenue + closing_mrr as actual
    from combined

),

final as (

    select
        origin_number,
        horizon,
        month_number,
        measure,
        forecast,
        naive,
        actual,
        case
            when actual > 0 and forecast > 0
                then ln(cast(actual as double) / nullif(forecast, 0))
        end as error
    from measures
    where forecast is not null

)

select * from final
