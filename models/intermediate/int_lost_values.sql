-- One row per basis, person and month in which the person was lost: what they would still have
-- brought within 52 weeks had they stayed (definitions §4, expected residual value), by today's
-- models. Null where there is no model for them.
{% set spend = ['p', 'q', 'gamma'] %}
with

lost_customers as (

    select
        basis,
        person_number,
        customer_id,
        period_number,
        lost_on,
        annual_revenue
    from {{ ref('int_lost_customers') }}

),

lost_purchases as (

    select
        person_number,
        period_number,
        frequency,
        age_days,
        cast(frequency as double) as repeats,
        greatest(cast(repeat_revenue as double), 0) as repeat_revenue
    from {{ ref('int_lost_purchases') }}

),

expectations as (

    select
        frequency,
        age_days,
        discounted_52w
    from {{ ref('int_value_expectations') }}
    where fit = 'current'

),

estimates as (

    select
        {% for name in spend %}
            max(case when parameter = '{{ name }}' then estimate end) as {{ name }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('int_value_parameters') }}
    where fit = 'current' and model = 'gamma_gamma' and is_converged

),

margin_rate as (

    select margin_rate
    from {{ ref('int_margin_rate') }}

),

members as (

    select
        customer_id,
        segment,
        period_months
    from {{ ref('int_renewal_members') }}

),

subscriber_tenures as (

    select
        customer_id,
        tenure_from,
        tenure_to
    from {{ ref('int_subscriber_tenures') }}

),

renewal_values as (

    select
        segment,
        period_months,
        periods,
        payments_52w
    from {{ ref('int_renewal_values') }}

),

buyers as (

    select
        'orders' as basis,
        lost_purchases.person_number,
        lost_purchases.period_number,
        margin_rate.margin_rate
        * case
            when estimates.q > 1
                then
                    cast(
                        estimates.p * (estimates.gamma + lost_purchases.repeat_revenue) as double
                    )
                    / nullif(
                        cast(estimates.p * lost_purchases.repeats + estimates.q - 1 as double), 0
                    )
        end * expectations.discounted_52w as residual_value
    from lost_purchases
    cross join estimates
    cross join margin_rate
    left join expectations
        on
        lost_purchases.frequency = expectations.frequency
        and lost_purchases.age_days = expectations.age_days

),

-- as old as the service that the loss ended, not as all since the first day
tenures as (

    select
        lost_customers.person_number,
        lost_customers.period_number,
        lost_customers.annual_revenue,
        members.segment,
        members.period_months,
        cast(
            floor(
                cast(
                    {{ whole_months('subscriber_tenures.tenure_from', 'lost_customers.lost_on') }}
                    as double
                )
                / nullif(members.period_months, 0)
            ) as integer
        ) as periods
    from lost_customers
    inner join members
        on lost_customers.customer_id = members.customer_id
    inner join subscriber_tenures
        on
        lost_customers.customer_id = subscriber_tenures.customer_id
        and lost_customers.lost_on = subscriber_tenures.tenure_to
    where lost_customers.basis = 'subscriptions'

),

subscribers as (

    select
        'subscriptions' as basis,
        tenures.person_number,
        tenures.period_number,
        margin_rate.margin_rate * cast(tenures.annual_revenue as double) / 12
        * tenures.period_months * renewal_values.payments_52w as residual_value
    from tenures
    cross join margin_rate
    left join renewal_values
        on
        tenures.segment = renewal_values.segment
        and tenures.period_months = renewal_values.period_months
        and tenures.periods = renewal_values.periods

),

final as (

    select
        basis,
        person_number,
        period_number,
        cast(residual_value as decimal(18, 2)) as residual_value
    from buyers

    union all

    select
        basis,
        person_number,
        period_number,
        cast(residual_value as decimal(18, 2)) as residual_value
    from subscribers

)

select * from final
