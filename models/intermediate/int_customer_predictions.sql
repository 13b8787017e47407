-- One row per fit and person who had bought by its last day: what is expected of them (definitions
-- §5). BG/NBD throughout, but for p_alive, which is MBG/NBD's and enters nothing else. Closed forms
-- on the two parameter tables; null where the fit was refused.
{% set wanted = [
    ('bg_nbd', ['r', 'alpha', 'a', 'b']),
    ('mbg_nbd', ['r', 'alpha', 'a', 'b']),
    ('gamma_gamma', ['p', 'q', 'gamma'])
] %}
with

summaries as (

    select
        fit,
        customer_id,
        frequency,
        age_days,
        cast(frequency as double) as repeats,
        cast(recency_days as double) / 7 as recency,
        cast(age_days as double) / 7 as age,
        greatest(cast(repeat_revenue as double), 0) as repeat_revenue
    from {{ ref('int_purchase_summaries') }}

),

estimates as (

    select
        fit,
        model,
        parameter,
        estimate
    from {{ ref('int_value_parameters') }}
    where is_converged

),

expectations as (

    select
        fit,
        frequency,
        age_days,
        expected_13w,
        expected_26w,
        expected_52w,
        expected_horizon,
        discounted_52w,
        {% for tenths in range(2, 11) %}
            upper_{{ tenths }},
        {% endfor %}
        {% for hundredths in range(91, 101) %}
            lower_{{ hundredths }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('int_value_expectations') }}

),

parameters as (

    select
        fit,
        {% for model, names in wanted %}
            {% set last_model = loop.last %}
            {% for name in names %}
                max(
                    case when model = '{{ model }}' and parameter = '{{ name }}' then estimate end
                ) as {{ model }}_{{ name }}{% if not (last_model and loop.last) %},{% endif %}
            {% endfor %}
        {% endfor %}
    from estimates
    group by fit

),

chances as (

    select
        summaries.fit,
        summaries.customer_id,
        summaries.frequency,
        summaries.age_days,
        {{ alive_probability(
            'summaries.repeats', 'summaries.recency', 'summaries.age', 'parameters.bg_nbd',
            'summaries.repeats'
        ) }} as p_alive_bg_nbd,
        {{ alive_probability(
            'summaries.repeats', 'summaries.recency', 'summaries.age', 'parameters.mbg_nbd',
            'summaries.repeats + 1'
        ) }} as p_alive,
        case
            when parameters.gamma_gamma_q > 1
                then
                    cast(
                        parameters.gamma_gamma_p
                        * (parameters.gamma_gamma_gamma + summaries.repeat_revenue) as double
                    )
                    / nullif(
                        cast(
                            parameters.gamma_gamma_p * summaries.repeats
                            + parameters.gamma_gamma_q - 1 as double
                        ),
                        0
                    )
        end as expected_spend
    from summaries
    left join parameters
        on summaries.fit = parameters.fit

),

final as (

    select
        chances.fit,
        chances.customer_id,
        chances.frequency,
        chances.age_days,
        chances.p_alive,
        chances.p_alive_bg_nbd,
        chances.p_alive_bg_nbd * expectations.expected_13w as expected_orders_13w,
        chances.p_alive_bg_nbd * expectations.expected_26w as expected_orders_26w,
        chances.p_alive_bg_nbd * expectations.expected_52w as expected_orders_52w,
        chances.p_alive_bg_nbd * expectations.expected_horizon as expected_orders_horizon,
        chances.p_alive_bg_nbd * expectations.discounted_52w as discounted_orders_52w,
        chances.expected_spend,
        cast(expectations.discounted_52w as double)
        / nullif(cast(expectations.expected_52w as double), 0) as discount_factor,
        -- both ends in days' worth of expected spend; the mean is never outside
        least(
            case cast(floor(chances.p_alive_bg_nbd * 100) as integer)
                {% for hundredths in range(91, 101) %}
                    when {{ hundredths }} then expectations.lower_{{ hundredths }}
                {% endfor %}
                else 0
            end,
            chances.p_alive_bg_nbd * expectations.expected_horizon
        ) as low_multiple,
        greatest(
            case cast(ceil(chances.p_alive_bg_nbd * 10) as integer)
                {% for tenths in range(2, 11) %}
                    when {{ tenths }} then expectations.upper_{{ tenths }}
                {% endfor %}
                else 0
            end,
            chances.p_alive_bg_nbd * expectations.expected_horizon
        ) as high_multiple
    from chances
    left join expectations
        on
        chances.fit = expectations.fit
        and chances.frequency = expectations.frequency
        and chances.age_days = expectations.age_days

)

select * from final
