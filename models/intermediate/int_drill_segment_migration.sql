-- One row per measure of segmentation.segment_migration: the query that lists who stands behind a
-- cell (quality.drill_queries holds all of them). Read from the spells of people on two days, and
-- not from running sums: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set history = 'segmentation' ~ '.customer_segment_history' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set opening %}
with
at_open as (
    select customer_id, rfm_segment
    from {{ history }}
    where valid_from < cast($period_start as date)
        and (valid_to is null or valid_to >= cast($period_start as date))
)
{%- endset %}

{% set from_customers %}
{{ opening }}
select customer_id
from at_open
where rfm_segment = $from_segment
{%- endset %}

{% set customers %}
{{ opening }},
closes as (
    select max(day) as close_day
    from {{ calendar }}
    where is_complete
        and month_start = cast($period_start as date)
),
at_close as (
    select history.customer_id, history.rfm_segment
    from {{ history }} as history
    cross join closes
    where history.valid_from <= closes.close_day
        and (history.valid_to is null or history.valid_to > closes.close_day)
)
select coalesce(at_open.customer_id, at_close.customer_id) as customer_id
from at_open
full join at_close on at_open.customer_id = at_close.customer_id
where coalesce(at_open.rfm_segment, '(none)') = $from_segment
    and coalesce(at_close.rfm_segment, '(none)') = $to_segment
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('from_customers', 'period_start, from_segment', 'rows', from_customers,
     'People in the segment at the open of the month.'),
    ('customers', 'period_start, from_segment, to_segment', 'rows', customers,
     'People in the one segment at the open of the month and in the other at its close.'),
] %}
with

final as (

    {{ drill_rows('segmentation.segment_migration', drills) }}

)

select * from final
