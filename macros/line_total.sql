{# quantity x unit price, both decimal(18,6), exact: 19 digits as in convert_money. #}
{% macro line_total(quantity, unit_price) %}cast({{ quantity }} as decimal(19, 6)) * {{ unit_price }}{% endmacro %}
