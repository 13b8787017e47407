{# How long ago a loss was on a day, in the three classes of the win-back list. #}
{% macro time_since_loss(lost_on, day) %}
case
    when {{ day }} <= {{ add_months(lost_on, 3) }} then 'up_to_3_months'
    when {{ day }} <= {{ add_months(lost_on, 12) }} then '3_to_12_months'
    else 'over_12_months'
end
{% endmacro %}
