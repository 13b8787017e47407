{# Periods are numbered so that neighbours differ by 1 and arithmetic is plain. `grain` is a SQL expression
   (a column, or a literal such as "'month'") with the value week, month, quarter or year. #}
{% macro period_number(grain, day) %}
case {{ grain }}
    when 'week' then cast(floor(({{ days_between("date '1900-01-01'", day) }}{% if var('week_starts_on') == 'sunday' %} + 1{% endif %}) / 7.0) as integer)
    when 'month' then cast(year({{ day }}) * 12 + month({{ day }}) - 1 as integer)
    when 'quarter' then cast(year({{ day }}) * 4 + quarter({{ day }}) - 1 as integer)
    when 'year' then cast(year({{ day }}) as integer)
end
{% endmacro %}

{# The first day of the period with that number. #}
{% macro period_first_day(grain, number) %}
case {{ grain }}
    when 'week' then date '1900-01-01' + cast(({{ number }}) * 7{% if var('week_starts_on') == 'sunday' %} - 1{% endif %} as integer)
    when 'month' then make_date(cast(floor(({{ number }}) / 12.0) as integer), cast(({{ number }}) % 12 + 1 as integer), 1)
    when 'quarter' then make_date(cast(floor(({{ number }}) / 4.0) as integer), cast(({{ number }}) % 4 * 3 + 1 as integer), 1)
    when 'year' then make_date(cast({{ number }} as integer), 1, 1)
end
{% endmacro %}
