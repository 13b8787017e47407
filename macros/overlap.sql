{# First and exclusive last day of what two half-open stretches have in common; a null end is open. #}
{% macro overlap_from(one_from, other_from) %}greatest({{ one_from }}, {{ other_from }}){% endmacro %}

{% macro overlap_to(one_to, other_to) %}
case
    when {{ one_to }} is null then {{ other_to }}
    when {{ other_to }} is null then {{ one_to }}
    else least({{ one_to }}, {{ other_to }})
end
{% endmacro %}
