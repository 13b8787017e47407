{# amount x part / whole in money, rounded half away from zero by integer arithmetic: never through
   a double. amount, part and whole are decimal(18,2); where whole is 0 the amount itself. #}
{% macro prorate_money(amount, part, whole, decimals=2) %}
{% set unit = {0: 100, 1: 10, 2: 1}[decimals | int] %}
case
    when {{ whole }} = 0 then {{ amount }}
    else cast(
        sign({{ amount }}) * sign({{ part }}) * sign({{ whole }}) * {{ integer_quotient(
            '2 * ' ~ cents('abs(' ~ amount ~ ')') ~ ' * ' ~ cents('abs(' ~ part ~ ')')
            ~ ' + ' ~ unit ~ ' * ' ~ cents('abs(' ~ whole ~ ')'),
            2 * unit ~ ' * ' ~ cents('abs(' ~ whole ~ ')')
        ) }} * cast({{ unit / 100 }} as decimal(3, 2)) as decimal(18, 2)
    )
end
{% endmacro %}

{% macro cents(amount) %}cast({{ amount }} * 100 as decimal(38, 0)){% endmacro %}

{% macro integer_quotient(dividend, divisor) %}
    {{ return(adapter.dispatch('integer_quotient', 'holdfast')(dividend, divisor)) }}
{% endmacro %}
{% macro default__integer_quotient(dividend, divisor) %}(cast({{ dividend }} as hugeint) // cast({{ divisor }} as hugeint)){% endmacro %}
{% macro spark__integer_quotient(dividend, divisor) %}(({{ dividend }}) div ({{ divisor }})){% endmacro %}
