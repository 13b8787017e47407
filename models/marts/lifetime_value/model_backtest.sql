-- One row per model (bg_nbd: purchase days; bg_nbd_gamma_gamma: net revenue; mbg_nbd: who is alive)
-- and measure: fitted on the first part of history, judged by the rest, beside "same rate as
-- before" and "nobody returns" (definitions §5, Checks). A refused model has one row, which says
-- why. Nothing here adds up.
{% set models = [
    ('bg_nbd', 'purchase_days', 'expected_days', 'rate_purchase_days', 'later_purchase_days'),
    ('bg_nbd_gamma_gamma', 'revenue', 'expected_revenue', 'rate_revenue', 'later_revenue')
] %}
{% set ways = ['model_value', 'same_rate', 'nobody_returns'] %}
with

fits as (

    select
        fitted_through,
        horizon_days,
        reason
    from {{ ref('int_value_fits') }}
    where fit = 'backtest'

),

predictions as (

    select
        customer_id,
        expected_orders_horizon,
        expected_spend,
        low_multiple,
        high_multiple
    from {{ ref('int_customer_predictions') }}
    where fit = 'backtest' and expected_orders_horizon is not null

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

scores as (

    select
        predicted,
        way,
        score,
        people,
        buyers,
        actual
    from {{ ref('int_backtest_scores') }}

),

judged as (

    select
        predictions.expected_orders_horizon as expected_days,
        predictions.expected_orders_horizon * predictions.expected_spend as expected_revenue,
        predictions.expected_spend * predictions.low_multiple as low,
        predictions.expected_spend * predictions.high_multiple as high,
        outcomes.rate_purchase_days,
        outcomes.rate_revenue,
        cast(outcomes.later_purchase_days as double) as later_purchase_days,
        cast(outcomes.later_revenue as double) as later_revenue
    from predictions
    inner join outcomes
        on predictions.customer_id = outcomes.customer_id

),

{% for model, predicted, expected, rate, actual in models %}
    {{ predicted }}_errors as (

        select
            '{{ model }}' as model,
            count(*) as customers,
            {{ exact_total(actual) }} as actual_total,
            {% set guesses = [
                ('model_value', expected), ('same_rate', rate), ('nobody_returns', '0')
            ] %}
            {% for way, guess in guesses %}
                {% set miss = guess ~ ' - ' ~ actual %}
                {{ exact_mean('abs(' ~ miss ~ ')') }} as mae_{{ way }},
                sqrt({{ exact_mean('power(' ~ miss ~ ', 2)') }}) as rmse_{{ way }},
                {{ exact_mean(miss) }} as bias_{{ way }},
                {{ exact_total(guess) }} as total_{{ way }},
                (
                    cast(count(*) as double) * {{ exact_total(guess ~ ' * ' ~ actual) }}
                    - {{ exact_total(guess) }} * {{ exact_total(actual) }}
                ) / nullif(
                    {% for side in [guess, actual] %}
                        sqrt(
                            greatest(
                                cast(count(*) as double) * {{ exact_total(side ~ ' * ' ~ side) }}
                                - power({{ exact_total(side) }}, 2),
                                0
                            )
                        ) {% if not loop.last %}*{% endif %}
                    {% endfor %},
                    0
                ) as correlation_{{ way }},
            {% endfor %}
            {% if predicted == 'revenue' %}
                {% set inside = 'count_if(' ~ actual ~ ' >= low and ' ~ actual ~ ' <= high)' %}
                {{ share(inside, 'count(*)') }} as interval_coverage
            {% else %}
                cast(null as double) as interval_coverage
            {% endif %}
        from judged
        where {{ expected }} is not null
        having count(*) > 0

    ),

{% endfor %}
errors as (

    select *
    from purchase_days_errors

    union all

    select *
    from revenue_errors

),

-- people of one score stand at the middle of it
ranked as (

    select
        predicted,
        way,
        people,
        buyers,
        actual,
        sum(people) over scored - 0.5 * people as middle,
        sum(people) over (
            partition by predicted, way
            order by score desc nulls last
            rows between unbounded preceding and current row
        ) - people as people_above,
        sum(people) over (partition by predicted, way) as all_people,
        -- how much of a score stands within the first tenth of the people
        least(
            greatest(0.1 * all_people - people_above, 0) / nullif(cast(people as double), 0), 1
        ) as first_tenth
    from scores
    window scored as (
        partition by predicted, way
        order by score asc nulls last
        rows between unbounded preceding and current row
    )

),

-- auc: how often who bought stood above who did not; top_decile: what the first tenth brought
rankings as (

    select
        predicted,
        way,
        (
            sum(cast(buyers as double) * middle)
            - 0.5 * cast(sum(buyers) as double) * sum(buyers)
        ) / nullif(cast(sum(buyers) as double) * sum(people - buyers), 0) as auc,
        {{ share(exact_total('actual * first_tenth'), exact_total('actual')) }}
            as top_decile_share,
        sum(people) as customers
    from ranked
    group by
        predicted,
        way

),

measured as (

    {% for measure in ['mae', 'rmse', 'bias', 'total', 'correlation'] %}
        select
            model,
            '{{ measure }}' as measure,
            {% for way in ways %}
                {{ measure }}_{{ way }} as {{ way }},
            {% endfor %}
            {{ 'actual_total' if measure == 'total' else 'cast(null as double)' }} as actual,
            customers
        from errors

        union all

    {% endfor %}
    select
        model,
        'total_error' as measure,
        {% for way in ways %}
            total_{{ way }} / nullif(actual_total, 0) - 1 as {{ way }},
        {% endfor %}
        cast(null as double) as actual,
        customers
    from errors

    union all

    select
        model,
        'interval_coverage' as measure,
        interval_coverage as model_value,
        cast(null as double) as same_rate,
        cast(null as double) as nobody_returns,
        cast(0.8 as double) as actual,
        customers
    from errors
    where interval_coverage is not null

    {% for measure in ['auc', 'top_decile_share'] %}
        union all

        select
            case predicted
                when 'purchase_days' then 'bg_nbd'
                when 'revenue' then 'bg_nbd_gamma_gamma'
                else 'mbg_nbd'
            end as model,
            '{{ measure }}' as measure,
            max(case when way = 'model' then {{ measure }} end) as model_value,
            max(case when way = 'same_rate' then {{ measure }} end) as same_rate,
            cast({{ '0.5' if measure == 'auc' else '0.1' }} as double) as nobody_returns,
            cast(null as double) as actual,
            max(customers) as customers
        from rankings
        group by predicted
        -- without the model there is nothing to stand beside
        having bool_or(way = 'model')

    {% endfor %}
),

all_models as (

    select 'bg_nbd' as model

    union all

    select 'bg_nbd_gamma_gamma' as model

    union all

    select 'mbg_nbd' as model

),

refusals as (

    select
        all_models.model,
        fits.reason
    from fits
    cross join all_models
    left join measured
        on all_models.model = measured.model
    where measured.model is null

),

final as (

    select
        measured.model,
        measured.measure,
        measured.model_value,
        measured.same_rate,
        measured.nobody_returns,
        measured.actual,
        cast(measured.customers as bigint) as customers,
        fits.fitted_through,
        {{ add_days('fits.fitted_through', 'fits.horizon_days') }} as judged_through,
        cast(null as string) as reason
    from measured
    cross join fits

    union all

    select
        refusals.model,
        'none' as measure,
        cast(null as double) as model_value,
        cast(null as double) as same_rate,
        cast(null as double) as nobody_returns,
        cast(null as double) as actual,
        cast(0 as bigint) as customers,
        fits.fitted_through,
        {{ add_days('fits.fitted_through', 'fits.horizon_days') }} as judged_through,
        coalesce(refusals.reason, 'the model could not be fitted') as reason
    from refusals
    cross join fits

)

select * from final
