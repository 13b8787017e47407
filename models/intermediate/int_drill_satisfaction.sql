-- One row per measure of voice_of_customer.satisfaction: the query that lists what stands behind a
-- cell (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set responses = 'core' ~ '.survey_responses' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set calendar = 'core' ~ '.calendar' %}
{% set answer_days = var('survey_answer_days') %}

{% set sent %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
sent as (
    select responses.response_id, responses.customer_id, responses.sent_on,
        responses.responded_on, responses.score
    from {{ responses }} as responses
    left join {{ dimensions }} as dimensions
        on responses.customer_id = dimensions.customer_id
        and dimensions.dimension = $dimension
        and responses.sent_on >= dimensions.valid_from
        and (dimensions.valid_to is null or responses.sent_on < dimensions.valid_to)
    where responses.survey = $survey
        and responses.is_sent_known
        and responses.sent_on >= cast($period_start as date)
        and responses.sent_on < {{ drill_period_end() }}
        and case when $dimension = 'all' then 'all' else coalesce(dimensions.value, '(none)') end
            = $value
)
select sent.response_id, sent.customer_id, sent.sent_on, sent.responded_on, sent.score
from sent
cross join cutoff
{%- endset %}

{% set due %}
{{ sent }}
where sent.sent_on + {{ answer_days }} <= cutoff.cutoff_day
{%- endset %}

{% set answered %}
{{ due }}
    and sent.score is not null
    and sent.responded_on <= sent.sent_on + {{ answer_days }}
{%- endset %}

{% set people %}
with
answers as (
    select response_id, customer_id, responded_on, score, score_band
    from {{ responses }}
    where survey = $survey
        and score is not null
        and responded_on >= cast($period_start as date)
        and responded_on < {{ drill_period_end() }}
    qualify row_number() over (
        partition by customer_id
        order by responded_at desc nulls last, sent_at desc nulls last,
            response_id desc nulls last
    ) = 1
)
select answers.customer_id, answers.responded_on, answers.score, answers.score_band
from answers
left join {{ dimensions }} as dimensions
    on answers.customer_id = dimensions.customer_id
    and dimensions.dimension = $dimension
    and answers.responded_on >= dimensions.valid_from
    and (dimensions.valid_to is null or answers.responded_on < dimensions.valid_to)
where case when $dimension = 'all' then 'all' else coalesce(dimensions.value, '(none)') end
    = $value
{%- endset %}

{% set positive %}
{{ people }}
    and answers.score_band in ('promoter', 'satisfied', 'easy')
{%- endset %}

{% set neutral %}
{{ people }}
    and answers.score_band in ('passive', 'neutral')
{%- endset %}

{% set negative %}
{{ people }}
    and answers.score_band in ('detractor', 'dissatisfied', 'difficult')
{%- endset %}

{% set key = 'grain, period_start, survey, dimension, value' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('sent', key, 'rows', sent, 'Surveys sent in the period.'),
    ('due', key, 'rows', due, 'Those whose days for an answer were over by the cutoff.'),
    ('answered', key, 'rows', answered, 'Those of them answered in time.'),
    ('people', key, 'rows', people, 'People with a score in the period, with their latest.'),
    ('positive', key, 'rows', positive, 'Those whose latest score is good.'),
    ('neutral', key, 'rows', neutral, 'Those whose latest score is neither.'),
    ('negative', key, 'rows', negative, 'Those whose latest score is bad.'),
] %}
with

final as (

    {{ drill_rows('voice_of_customer.satisfaction', drills) }}

)

select * from final
