{# Native MRR of one currency in another, 6 decimals half up, by integer arithmetic: never through a
   double. #}
{% macro exchange_mrr(mrr_native, rate_from, rate_to) %}
{% set micros = 'cast(cast(' ~ mrr_native ~ ' as decimal(24, 6)) * 1000000 as decimal(38, 0))' %}
{% set from_units = 'cast(cast(' ~ rate_from ~ ' as decimal(29, 10)) * 10000000000 as decimal(38, 0))' %}
{% set to_units = 'cast(cast(' ~ rate_to ~ ' as decimal(29, 10)) * 10000000000 as decimal(38, 0))' %}
cast(
    cast({{ integer_quotient(
        '2 * ' ~ micros ~ ' * ' ~ from_units ~ ' + ' ~ to_units,
        '2 * ' ~ to_units
    ) }} as decimal(24, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6)
)
{% endmacro %}
