{# up, flat or down by trend_change; null where one of the two is unknown or both are 0. #}
{% macro trend(recent, before) %}
case
    when {{ recent }} is null or {{ before }} is null then null
    when {{ recent }} = 0 and {{ before }} = 0 then null
    when {{ recent }} > (1 + {{ var('trend_change') }}) * {{ before }} then 'up'
    when {{ recent }} < (1 - {{ var('trend_change') }}) * {{ before }} then 'down'
    else 'flat'
end
{% endmacro %}
