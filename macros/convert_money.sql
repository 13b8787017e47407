{# A native amount in reporting currency, rounded once more. 19 digits: with 18 DuckDB keeps the
   product in 18 digits and overflows at a million, with more Spark drops decimals of the product
   before it is rounded. Most amounts are in reporting currency, and need no product. #}
{% macro convert_money(amount, rate) %}
case
    when {{ rate }} = 1 then {{ round_money(amount) }}
    else {{ round_money('cast(' ~ amount ~ ' as decimal(19, 2)) * ' ~ rate) }}
end
{% endmacro %}
