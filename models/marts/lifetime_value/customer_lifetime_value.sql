-- One row per person known at the cutoff, prospects included (E24): what they brought so far, what
-- they may bring within 52 weeks (BG/NBD × Gamma-Gamma), what their rate makes of an average
-- lifetime, and what a subscription is still worth (definitions §5). Value is margin. Predictions
-- add up over people; intervals and chances do not.
with

customers as (

    select
        customer_id,
        valid_orders,
        net_revenue
    from {{ ref('customers') }}

),

orders as (

    select
        customer_id,
        net_revenue,
        margin
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

fits as (

    select reason
    from {{ ref('int_value_fits') }}
    where fit = 'current'

),

estimates as (

    select
        model,
        is_converged,
        warning
    from {{ ref('int_value_parameters') }}
    where fit = 'current' and model in ('bg_nbd', 'mbg_nbd', 'gamma_gamma')

),

predictions as (

    select
        customer_id,
        age_days,
        p_alive,
        expected_orders_13w,
        expected_orders_26w,
        expected_orders_52w,
        discounted_orders_52w,
        expected_spend,
        discount_factor,
        low_multiple,
        high_multiple
    from {{ ref('int_customer_predictions') }}
    where fit = 'current'

),

margin_rate as (

    select
        margin_rate,
        margin_reason
    from {{ ref('int_margin_rate') }}

),

formula as (

    select
        lifetime_years,
        reason
    from {{ ref('int_formula_values') }}
    where basis = 'orders' and dimension = 'all'

),

subscriber_values as (

    select
        customer_id,
        segment,
        mrr,
        value_52w,
        residual_value,
        reason
    from {{ ref('int_subscriber_values') }}

),

margins as (

    select
        customer_id,
        sum(margin) as margin,
        sum(case when margin is null then net_revenue end) as uncosted_revenue
    from orders
    group by customer_id

),

models as (

    select
        max(fits.reason) as refusal,
        max(case when estimates.model = 'bg_nbd' and not estimates.is_converged then 1 else 0 end)
            as is_unconverged,
        max(case when estimates.model = 'bg_nbd' then estimates.warning end) as purchase_warning,
        max(case when estimates.model = 'gamma_gamma' then estimates.warning end) as spend_warning,
        max(case when estimates.model = 'mbg_nbd' then 'p_alive: ' || estimates.warning end)
            as alive_warning
    from fits
    left join estimates
        on fits.reason is null

),

scored as (

    select
        customers.customer_id,
        customers.valid_orders,
        customers.net_revenue,
        cast(
            coalesce(cast(margins.margin as double), 0)
            + margin_rate.margin_rate * coalesce(cast(margins.uncosted_revenue as double), 0)
            as decimal(18, 2)
        ) as realised_margin,
        margin_rate.margin_rate,
        margin_rate.margin_reason,
        predictions.age_days,
        predictions.p_alive,
        predictions.expected_orders_13w,
        predictions.expected_orders_26w,
        predictions.expected_orders_52w,
        predictions.expected_spend,
        margin_rate.margin_rate * predictions.expected_spend * predictions.discounted_orders_52w
            as predicted_value,
        margin_rate.margin_rate * predictions.expected_spend * predictions.discount_factor
        * predictions.low_multiple as value_at_low,
        margin_rate.margin_rate * predictions.expected_spend * predictions.discount_factor
        * predictions.high_multiple as value_at_high,
        case
            when customers.valid_orders = 0 then 'no valid order'
            when models.refusal is not null then models.refusal
            when predictions.customer_id is null then 'no purchase'
            when models.is_unconverged = 1 then 'the model did not converge'
            when predictions.expected_spend is null
                then coalesce(models.spend_warning, 'spend could not be estimated')
        end as reason,
        nullif(concat_ws('; ', models.purchase_warning, models.spend_warning), '')
            as value_warning,
        case when predictions.customer_id is not null then models.alive_warning end
            as alive_warning,
        formula.lifetime_years,
        case
            when customers.valid_orders = 0 then 'no valid order'
            when formula.reason is not null then formula.reason
            when formula.lifetime_years is null then 'no complete months'
        end as formula_reason,
        case
            when customers.valid_orders > 0
                then
                    cast(customers.valid_orders as double) * 365
                    / nullif(
                        cast(greatest(coalesce(predictions.age_days, 0), 365) as double), 0
                    )
        end as orders_per_year
    from customers
    cross join margin_rate
    left join models
        on true
    left join margins
        on customers.customer_id = margins.customer_id
    left join predictions
        on customers.customer_id = predictions.customer_id
    left join formula
        on true

),

final as (

    select
        scored.customer_id,
        scored.net_revenue as realised_revenue,
        scored.realised_margin,
        scored.p_alive,
        case when scored.p_alive is not null then 'mbg_nbd' end as p_alive_model,
        scored.expected_orders_13w,
        scored.expected_orders_26w,
        scored.expected_orders_52w,
        cast(scored.expected_spend as decimal(18, 2)) as expected_spend,
        cast(scored.predicted_value as decimal(18, 2)) as predicted_value_52w,
        -- who is sold to at a loss brings the more of it the more they buy
        cast(least(scored.value_at_low, scored.value_at_high) as decimal(18, 2)) as predicted_low,
        cast(greatest(scored.value_at_low, scored.value_at_high) as decimal(18, 2))
            as predicted_high,
        scored.reason,
        -- p_alive is of a model of its own, and may be there or missing whatever the reason says
        nullif(
            concat_ws(
                '; ',
                case when scored.reason is null then scored.value_warning end,
                scored.alive_warning
            ),
            ''
        ) as warning,
        scored.margin_rate,
        scored.margin_reason,
        cast(
            cast(scored.net_revenue as double) / nullif(cast(scored.valid_orders as double), 0)
            as decimal(18, 2)
        ) as average_order,
        scored.orders_per_year,
        case when scored.formula_reason is null then scored.lifetime_years end
            as formula_lifetime_years,
        cast(
            case when scored.formula_reason is null then scored.margin_rate end
            * cast(scored.net_revenue as double)
            / nullif(cast(scored.valid_orders as double), 0)
            * scored.orders_per_year * scored.lifetime_years as decimal(18, 2)
        ) as formula_value,
        scored.formula_reason,
        subscriber_values.segment as subscription_segment,
        subscriber_values.mrr as subscription_mrr,
        subscriber_values.value_52w as subscription_value_52w,
        subscriber_values.residual_value as subscription_residual_value,
        case
            when subscriber_values.customer_id is null then 'no paid service at the cutoff'
            else subscriber_values.reason
        end as subscription_reason
    from scored
    left join subscriber_values
        on scored.customer_id = subscriber_values.customer_id

)

select * from final
