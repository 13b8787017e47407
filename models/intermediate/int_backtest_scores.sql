-- One row per thing that is predicted (purchase_days, revenue, still_alive), way of predicting it
-- and prediction of the backtest: how many people got it, how many of them bought afterwards, and
-- what they brought. Money is predicted to the cent.
with

predictions as (

    select
        customer_id,
        p_alive,
        expected_orders_horizon,
        expected_spend
    from {{ ref('int_customer_predictions') }}
    where fit = 'backtest'

),

outcomes as (

    select
        customer_id,
        rate_purchase_days,
        rate_revenue,
        later_purchase_days,
        later_revenue
    from {{ ref('int_backtest_outcomes') }}

),

judged as (

    select
        predictions.p_alive,
        predictions.expected_orders_horizon,
        predictions.expected_orders_horizon * predictions.expected_spend as expected_revenue,
        outcomes.rate_purchase_days,
        outcomes.rate_revenue,
        cast(outcomes.later_purchase_days as decimal(18, 2)) as later_purchase_days,
        outcomes.later_revenue
    from predictions
    inner join outcomes
        on predictions.customer_id = outcomes.customer_id
    where predictions.expected_orders_horizon is not null

),

{% for predicted, way, score, actual in [
    ('purchase_days', 'model', 'expected_orders_horizon', 'later_purchase_days'),
    ('purchase_days', 'same_rate', 'rate_purchase_days', 'later_purchase_days'),
    ('revenue', 'model', 'round(expected_revenue, 2)', 'later_revenue'),
    ('revenue', 'same_rate', 'round(rate_revenue, 2)', 'later_revenue'),
    ('still_alive', 'model', 'p_alive', 'later_purchase_days')
] %}
    {{ predicted }}_{{ way }} as (

        select
            '{{ predicted }}' as predicted,
            '{{ way }}' as way,
            {{ score }} as score,
            count(*) as people,
            count_if(later_purchase_days > 0) as buyers,
            cast(sum({{ actual }}) as double) as actual
        from judged
        where {{ score }} is not null
        group by {{ score }}

    ),

{% endfor %}
final as (

    {% for name in [
        'purchase_days_model', 'purchase_days_same_rate', 'revenue_model', 'revenue_same_rate',
        'still_alive_model'
    ] %}
        select
            predicted,
            way,
            score,
            people,
            buyers,
            actual
        from {{ name }}
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}

)

select * from final
