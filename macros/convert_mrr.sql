{# Native MRR of 6 decimals in reporting currency; 19 digits as in convert_money. #}
{% macro convert_mrr(mrr_native, rate) %}
{{ round_money(
    'cast(' ~ mrr_native ~ ' as decimal(19, 6)) * ' ~ rate
) }}
{% endmacro %}
