-- One row per measure of retention.repeat_purchase: the query that lists who or what stands behind
-- a cell (quality.drill_queries holds all of them). Written from the definitions, on tables of core
-- alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders = 'core' ~ '.orders' %}
{% set cutoff_day -%}
(select max(day) from {{ 'core' ~ '.calendar' }} where is_complete)
{%- endset %}

{% set occasions %}
with
occasions as (
    select
        customer_id,
        ordered_on,
        row_number() over (partition by customer_id order by ordered_on nulls first) as number,
        lead(ordered_on) over (partition by customer_id order by ordered_on nulls first) as next_on
    from (
        select distinct customer_id, ordered_on
        from {{ orders }}
        where is_purchase and customer_id is not null
    ) as days
)
{%- endset %}

{% set customers %}
{{ occasions }}
select customer_id, ordered_on, next_on
from occasions
where number = $order_number
{%- endset %}

{% set reached_next %}
{{ customers }}
    and next_on is not null
{%- endset %}

{% set eligible %}
{{ customers }}
    and ordered_on + cast($window_days as integer) <= {{ cutoff_day }}
{%- endset %}

{% set eligible_reached_next %}
{{ eligible }}
    and next_on <= ordered_on + cast($window_days as integer)
{%- endset %}

{% set gaps %}
{{ occasions }}
select customer_id, ordered_on, next_on
from occasions
where next_on is not null
    and (number = $order_number or ($is_open_class and number > $order_number))
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', 'order_number', 'rows', customers,
     'People with an nth purchase occasion, with the day of it and of the next.'),
    ('reached_next', 'order_number', 'rows', reached_next,
     'Those of them who bought again.'),
    ('eligible', 'order_number, window_days', 'rows', eligible,
     'People whose nth occasion lies at least window_days before the cutoff.'),
    ('eligible_reached_next', 'order_number, window_days', 'rows', eligible_reached_next,
     'Those of them who bought again within window_days.'),
    ('gaps', 'order_number, is_open_class', 'rows', gaps,
     'Completed gaps after the nth occasion; in the open class after all later ones too.'),
] %}
with

final as (

    {{ drill_rows('retention.repeat_purchase', drills) }}

)

select * from final
