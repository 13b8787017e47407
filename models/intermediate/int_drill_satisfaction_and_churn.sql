-- One row per measure of voice_of_customer.satisfaction_and_churn: the query that lists what stands
-- behind a cell (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set responses = 'core' ~ '.survey_responses' %}
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set calendar = 'core' ~ '.calendar' %}
{% set answer_days = var('survey_answer_days') %}

{% set followed %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
answers as (
    select customer_id, responded_on as known_on, score_band
    from {{ responses }}
    where survey = $survey
        and score is not null
    qualify row_number() over (
        partition by customer_id, responded_on
        order by responded_at desc nulls last, sent_at desc nulls last,
            response_id desc nulls last
    ) = 1
),
moments as (
    select customer_id, known_on
    from answers
    where score_band = $score_band
    union
    select customer_id, sent_on + {{ answer_days }} as known_on
    from {{ responses }}
    where $score_band = 'no answer'
        and survey = $survey
        and is_sent_known
        and (score is null or responded_on > sent_on + {{ answer_days }})
),
standing as (
    select moments.customer_id, moments.known_on
    from moments
    cross join cutoff
    inner join {{ lifecycle }} as lifecycle on moments.customer_id = lifecycle.customer_id
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from <= moments.known_on
        and (lifecycle.valid_to is null or lifecycle.valid_to > moments.known_on)
        and moments.known_on + cast($window_days as integer) <= cutoff.cutoff_day
),
followed as (
    select standing.customer_id, standing.known_on, min(lifecycle.valid_from) as lost_on
    from standing
    left join {{ lifecycle }} as lifecycle
        on standing.customer_id = lifecycle.customer_id
        and lifecycle.basis = $basis
        and lifecycle.state = 'lost'
        and lifecycle.valid_from > standing.known_on
        and lifecycle.valid_from <= standing.known_on + cast($window_days as integer)
    group by standing.customer_id, standing.known_on
)
{%- endset %}

{% set answers %}
{{ followed }}
select customer_id, known_on, lost_on
from followed
{%- endset %}

{% set people %}
{{ followed }}
select customer_id, max(known_on) as last_known_on
from followed
group by customer_id
{%- endset %}

{% set lost %}
{{ answers }}
where lost_on is not null
{%- endset %}

{% set key = 'survey, score_band, window_days, basis' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('answers', key, 'rows', answers, 'Answers of this band, with the loss that followed.'),
    ('people', key, 'rows', people, 'People behind them.'),
    ('lost', key, 'rows', lost, 'Answers followed by a loss within the window.'),
] %}
with

final as (

    {{ drill_rows('voice_of_customer.satisfaction_and_churn', drills) }}

)

select * from final
