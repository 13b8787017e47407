{# Lengths of time between two instants. Arguments are SQL expressions. #}

{% macro hours_between(earlier, later) %}{{ return(adapter.dispatch('hours_between', 'holdfast')(earlier, later)) }}{% endmacro %}
{% macro default__hours_between(earlier, later) %}(cast(datediff('second', {{ earlier }}, {{ later }}) as double) / 3600){% endmacro %}
{% macro spark__hours_between(earlier, later) %}(cast(timestampdiff(second, {{ earlier }}, {{ later }}) as double) / 3600){% endmacro %}
