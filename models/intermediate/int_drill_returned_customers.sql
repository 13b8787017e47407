-- One row per count of win_back.returned_customers: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set feedback = 'core' ~ '.churn_feedback' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set orders = 'core' ~ '.orders' %}
{% set calendar = 'core' ~ '.calendar' %}
{% set horizon = var('risk_horizon_days') %}

{% set returns %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
first_days as (
    select customer_id, min(valid_from) as first_day
    from {{ lifecycle }}
    where basis = 'any'
    group by customer_id
),
losses as (
    select lost.customer_id, lost.valid_from as lost_on, lost.valid_to as returned_on,
        coalesce(lag(lost.valid_to) over person, first_days.first_day) as present_from,
        lead(lost.valid_from) over person as lost_again_on
    from {{ lifecycle }} as lost
    inner join first_days on lost.customer_id = first_days.customer_id
    where lost.basis = 'any' and lost.state = 'lost'
    window person as (partition by lost.customer_id order by lost.valid_from nulls first)
),
came_back as (
    select losses.customer_id, losses.lost_on, losses.returned_on, losses.lost_again_on,
        {{ drill_told_from('losses') }} as told_from,
        cutoff.cutoff_day
    from losses
    cross join cutoff
    where losses.returned_on >= cast($period_start as date)
        and losses.returned_on < {{ drill_period_end() }}
),
latest_reasons as (
    select came_back.customer_id, came_back.lost_on, feedback.reason_code
    from came_back
    inner join {{ feedback }} as feedback
        on came_back.customer_id = feedback.customer_id
        and feedback.recorded_on >= came_back.told_from
        and feedback.recorded_on < came_back.returned_on
    qualify row_number() over (
        partition by came_back.customer_id, came_back.lost_on
        order by feedback.recorded_at desc nulls last, feedback.reason_code nulls first
    ) = 1
),
returns as (
    select came_back.customer_id, came_back.lost_on, came_back.returned_on,
        came_back.lost_again_on, came_back.cutoff_day
    from came_back
    left join latest_reasons
        on came_back.customer_id = latest_reasons.customer_id
        and came_back.lost_on = latest_reasons.lost_on
    left join {{ dimensions }} as dimensions
        on came_back.customer_id = dimensions.customer_id
        and dimensions.dimension = 'loyalty_tier'
        and came_back.returned_on >= dimensions.valid_from
        and (dimensions.valid_to is null or came_back.returned_on < dimensions.valid_to)
    where coalesce(latest_reasons.reason_code, '(none)') = $reason_code
        and coalesce(dimensions.value, '(none)') = $loyalty_tier
)
{%- endset %}

{% set returned_customers %}
{{ returns }}
select customer_id, lost_on, returned_on
from returns
{%- endset %}

{% set followed_customers %}
{{ returned_customers }}
where returned_on + {{ horizon }} <= cutoff_day
{%- endset %}

{% set occasions %}
{{ returns }},
occasions as (
    select distinct customer_id, ordered_on
    from {{ orders }}
    where is_purchase
),
followed as (
    select returns.customer_id, returns.returned_on, max(occasions.ordered_on) as last_on
    from returns
    left join occasions
        on returns.customer_id = occasions.customer_id
        and occasions.ordered_on < returns.lost_on
    where returns.returned_on + {{ horizon }} <= returns.cutoff_day
    group by returns.customer_id, returns.returned_on
)
select followed.customer_id, followed.returned_on, occasions.ordered_on
from followed
inner join occasions on followed.customer_id = occasions.customer_id
{%- endset %}

{% set orders_after %}
{{ occasions }}
where occasions.ordered_on > followed.returned_on
    and occasions.ordered_on <= followed.returned_on + {{ horizon }}
{%- endset %}

{% set orders_before %}
{{ occasions }}
where occasions.ordered_on < followed.last_on
    and occasions.ordered_on >= followed.last_on - {{ horizon }}
{%- endset %}

{% set key = 'grain, period_start, loyalty_tier, reason_code' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('returned_customers', key, 'rows', returned_customers, 'Returns after a loss.'),
    ('followed_customers', key, 'rows', followed_customers,
     'Those after which risk_horizon_days have passed.'),
    ('orders_after', key, 'rows', orders_after,
     'Purchase days of the followed in the days after the return.'),
    ('orders_before', key, 'rows', orders_before,
     'Theirs in as many days before their last purchase ahead of the loss.'),
] %}
{% for days in [90, 180] %}
    {% set eligible %}
{{ returned_customers }}
where returned_on + {{ days }} <= cutoff_day
    {%- endset %}
    {% set lost_again %}
{{ eligible | trim }}
    and lost_again_on <= returned_on + {{ days }}
    {%- endset %}
    {% do drills.append(
        ('eligible_' ~ days, key, 'rows', eligible,
         'Returns after which ' ~ days ~ ' days have passed.')
    ) %}
    {% do drills.append(
        ('lost_again_' ~ days, key, 'rows', lost_again,
         'Those of them lost again within ' ~ days ~ ' days.')
    ) %}
{% endfor %}
with

final as (

    {{ drill_rows('win_back.returned_customers', drills) }}

)

select * from final
