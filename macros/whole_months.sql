{# Whole calendar months from one local day to another; the last day of a month stands for the days
   it lacks (31 January to 28 February is one month). Null where a day is. #}
{% macro whole_months(earlier, later) %}
{%- set months -%}
    (year({{ later }}) - year({{ earlier }})) * 12 + month({{ later }}) - month({{ earlier }})
{%- endset -%}
cast(
    {{ months }} - case when {{ add_months(earlier, months) }} > {{ later }} then 1 else 0 end
    as integer
)
{% endmacro %}
