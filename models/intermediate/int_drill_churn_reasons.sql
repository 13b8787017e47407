-- One row per count of win_back.churn_reasons: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set feedback = 'core' ~ '.churn_feedback' %}

{% set lost %}
with
period as (
    select
        cast($period_start as date) as period_start,
        {{ drill_period_end() }} as period_end
),
spells as (
    select customer_id, state, valid_from, valid_to
    from {{ lifecycle }}
    where basis = 'any'
),
at_open as (
    select distinct spells.customer_id
    from spells
    cross join period
    where spells.state <> 'lost'
        and spells.valid_from < period.period_start
        and (spells.valid_to is null or spells.valid_to >= period.period_start)
),
at_close as (
    select distinct spells.customer_id
    from spells
    cross join period
    where spells.state <> 'lost'
        and spells.valid_from < period.period_end
        and (spells.valid_to is null or spells.valid_to >= period.period_end)
),
lost as (
    select at_open.customer_id, max(spells.valid_from) as lost_on
    from at_open
    inner join spells on at_open.customer_id = spells.customer_id
    cross join period
    where spells.state = 'lost'
        and spells.valid_from >= period.period_start
        and spells.valid_from < period.period_end
        and at_open.customer_id not in (select customer_id from at_close)
    group by at_open.customer_id
)
{%- endset %}

{% set told %}
{{ lost }},
first_days as (
    select customer_id, min(valid_from) as first_day
    from spells
    group by customer_id
),
losses as (
    select spells.customer_id, spells.valid_from as lost_on, spells.valid_to as returned_on,
        coalesce(lag(spells.valid_to) over person, first_days.first_day) as present_from
    from spells
    inner join first_days on spells.customer_id = first_days.customer_id
    where spells.state = 'lost'
    window person as (partition by spells.customer_id order by spells.valid_from nulls first)
),
leaving as (
    select losses.customer_id, losses.lost_on, losses.returned_on,
        {{ drill_told_from('losses') }} as told_from
    from losses
    inner join lost
        on losses.customer_id = lost.customer_id
        and losses.lost_on = lost.lost_on
),
said as (
    select leaving.customer_id, leaving.lost_on, feedback.feedback_id,
        coalesce(feedback.reason_code, '(none)') as reason_code,
        feedback.recorded_at, feedback.given_by
    from leaving
    left join {{ feedback }} as feedback
        on leaving.customer_id = feedback.customer_id
        and feedback.recorded_on >= leaving.told_from
        and (leaving.returned_on is null or feedback.recorded_on < leaving.returned_on)
),
latest as (
    select customer_id, reason_code
    from said
    qualify row_number() over (
        partition by customer_id
        order by recorded_at desc nulls last, reason_code nulls first
    ) = 1
)
{%- endset %}

{% set customers %}
{{ told }}
select customer_id, min(lost_on) as lost_on
from said
where reason_code = $reason_code
group by customer_id
{%- endset %}

{% set customers_latest %}
{{ told }}
select customer_id
from latest
where reason_code = $reason_code
{%- endset %}

{% set mentions %}
{{ told }}
select feedback_id, customer_id, lost_on, recorded_at, given_by
from said
where reason_code = $reason_code
    and feedback_id is not null
{%- endset %}

{% set said_by_customers %}
{{ told }}
select distinct customer_id
from said
where reason_code = $reason_code
    and given_by in ('customer', 'exit form')
{%- endset %}

{% set said_by_employees %}
{{ told }}
select distinct customer_id
from said
where reason_code = $reason_code
    and given_by = 'employee'
{%- endset %}

{% set said_by_surveys %}
{{ told }}
select distinct customer_id
from said
where reason_code = $reason_code
    and given_by = 'survey'
{%- endset %}

{% set lost_customers %}
{{ lost }}
select customer_id, lost_on
from lost
{%- endset %}

{% set key = 'grain, period_start, reason_code' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', key, 'rows', customers, 'People lost in the period with this reason.'),
    ('customers_latest', key, 'rows', customers_latest,
     'People lost in the period whose latest reason it is.'),
    ('mentions', key, 'rows', mentions, 'How often it was recorded for them.'),
    ('said_by_customers', key, 'rows', said_by_customers,
     'Those who said so themselves, or in an exit form.'),
    ('said_by_employees', key, 'rows', said_by_employees, 'Those of whom staff said so.'),
    ('said_by_surveys', key, 'rows', said_by_surveys, 'Those who said so in a survey.'),
    ('lost_customers', 'grain, period_start', 'rows', lost_customers,
     'People there at the open of the period and lost at its close.'),
] %}
with

final as (

    {{ drill_rows('win_back.churn_reasons', drills) }}

)

select * from final
