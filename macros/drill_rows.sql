{#- A row for each measure of a mart: what it lists, what it asks for, how it adds up, the query. -#}
{% macro drill_rows(mart, drills) %}
{%- for measure, parameters, adds_up_by, query, description in drills -%}
select
        '{{ mart }}' as mart,
        '{{ measure }}' as measure,
        '{{ description }}' as description,
        '{{ parameters }}' as parameters,
        '{{ adds_up_by }}' as adds_up_by,
        '{{ dbt.escape_single_quotes(query | trim) }}' as query
{%- if not loop.last %}

    union all

    {% endif -%}
{%- endfor -%}
{% endmacro %}
