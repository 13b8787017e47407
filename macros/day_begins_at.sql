{# Business-local day -> the UTC instant at which it begins: the first of two midnights where clocks are put back then.
   Composed of the engine macros of dispatch/dates.sql. #}
{% macro day_begins_at(day) %}
{%- set midnight = instant_of(day) -%}
{%- set hour_before = add_hours_to_instant(midnight, -1) -%}
case when {{ local_day(hour_before) }} = {{ day }} then {{ hour_before }} else {{ midnight }} end
{%- endmacro %}
