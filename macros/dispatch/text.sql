{# One text out of many rows, in a stated order. #}
{% macro join_text(value, separator, order_by) %}{{ return(adapter.dispatch('join_text', 'holdfast')(value, separator, order_by)) }}{% endmacro %}
{% macro default__join_text(value, separator, order_by) %}string_agg({{ value }}, '{{ separator }}' order by {{ order_by }}){% endmacro %}
{% macro spark__join_text(value, separator, order_by) %}listagg({{ value }}, '{{ separator }}') within group (order by {{ order_by }}){% endmacro %}
