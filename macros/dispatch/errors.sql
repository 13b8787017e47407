{# Ends the query with that message where it is reached, so that a person reads it in the error. #}
{% macro stop_with(message) %}
    {{ return(adapter.dispatch('stop_with', 'holdfast')(message)) }}
{% endmacro %}
{% macro default__stop_with(message) %}error({{ message }}){% endmacro %}
{% macro spark__stop_with(message) %}raise_error({{ message }}){% endmacro %}
