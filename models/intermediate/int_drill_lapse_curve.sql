-- One row per measure of retention.lapse_curve: the query that lists who or what stands behind a
-- cell (quality.drill_queries holds all of them). Written from the definitions, on tables of core
-- alone, and not from the mart's model: that both agree is a proof of either.

{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders = 'core' ~ '.orders' %}

{% set gaps %}
with
month as (
    select cast(cast($as_of_month as date) + interval '1' month as date) - 1 as month_end
),
occasions as (
    select distinct customer_id, ordered_on
    from {{ orders }}
    where is_purchase and customer_id is not null
),
neighbours as (
    select
        customer_id,
        ordered_on as started_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on nulls first) as next_on
    from occasions
),
gaps as (
    select
        neighbours.customer_id,
        neighbours.started_on,
        case when neighbours.next_on <= month.month_end then neighbours.next_on end as ended_on,
        {{ days_between(
            'neighbours.started_on',
            'least(coalesce(neighbours.next_on, month.month_end), month.month_end)'
        ) }} as length_days
    from neighbours
    cross join month
    where neighbours.started_on <= month.month_end
)
select customer_id, started_on, ended_on, length_days
from gaps
{%- endset %}

{% set gaps_at_risk %}
{{ gaps }}
where length_days >= $day
{%- endset %}

{% set gaps_completed %}
{{ gaps }}
where length_days = $day and ended_on is not null
{%- endset %}

{% set gaps_censored %}
{{ gaps }}
where length_days = $day and ended_on is null
{%- endset %}

{% set gaps_completed_in_all %}
{{ gaps }}
where ended_on is not null
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('at_risk', 'as_of_month, day', 'rows', gaps_at_risk,
     'Gaps between purchase occasions that lasted at least this long.'),
    ('completed', 'as_of_month, day', 'rows', gaps_completed,
     'Gaps that ended with a purchase on this day.'),
    ('censored', 'as_of_month, day', 'rows', gaps_censored,
     'Gaps that were this long and open at the end of the month.'),
    ('completed_gaps', 'as_of_month', 'rows', gaps_completed_in_all,
     'Gaps completed in all.'),
] %}
with

final as (

    {{ drill_rows('retention.lapse_curve', drills) }}

)

select * from final
