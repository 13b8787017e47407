{#- The first day after a period of $grain, as text for a drill query. -#}
{% macro drill_period_end(start='period_start') -%}
case $grain
            when 'week' then cast(cast(${{ start }} as date) + interval '7' day as date)
            when 'month' then cast(cast(${{ start }} as date) + interval '1' month as date)
            when 'quarter' then cast(cast(${{ start }} as date) + interval '3' month as date)
            else cast(cast(${{ start }} as date) + interval '1' year as date)
        end
{%- endmacro %}
