{# A delivered amount in money: half away from zero to money_decimals, never through a double. #}
{% macro round_money(amount) %}
cast(round({{ amount }}, {{ var('money_decimals') }}) as decimal(18, 2))
{% endmacro %}
