{#- A row for each measure of a mart: what it lists, what it asks for, how it adds up, the query. -#}
{% macro drill_rows(mart, drills) %}
{%- for measure, parameters, adds_up_by, query, description in drills -%}
{%- set text = query | trim | replace("'", "''") -%}
select
        '{{ mart }}' as mart,
        '{{ measure }}' as measure,
        '{{ description }}' as description,
        '{{ parameters }}' as parameters,
        '{{ adds_up_by }}' as adds_up_by,
        '{{ text }}' as query
{%- if not loop.last %}

    union all

    {% endif -%}
{%- endfor -%}
{% endmacro %}
