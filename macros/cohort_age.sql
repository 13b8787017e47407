{# Age of a day in a cohort's grid, 0 on the first day: whole calendar periods (week, month, quarter, year), or
   whole windows of 30 days since the first day (elapsed_30d). #}
{% macro cohort_age(grid, first_day, day) %}
case
    when {{ grid }} = 'elapsed_30d'
        then cast(floor(cast({{ days_between(first_day, day) }} as double) / 30) as integer)
    else {{ period_number(grid, day) }} - {{ period_number(grid, first_day) }}
end
{% endmacro %}
