{# Sums of doubles that are the same in any order of rows: decimals add up exactly, doubles do not. #}
{% macro exact_total(amount) %}cast(sum(cast({{ amount }} as decimal(38, 9))) as double){% endmacro %}

{% macro exact_mean(amount) %}({{ exact_total(amount) }} / nullif(cast(count(*) as double), 0)){% endmacro %}
