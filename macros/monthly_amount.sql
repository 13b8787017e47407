{# An amount of 6 decimals for one billing interval, as an amount of a month: half up, by integer
   arithmetic, never through a double. Months in an interval = 12 x count / intervals a year. #}
{% macro monthly_amount(amount, billing_interval, billing_interval_count) %}
{% set intervals_a_year -%}
case {{ billing_interval }}
    when 'day' then 365
    when 'week' then 52
    when 'month' then 12
    when 'quarter' then 4
    when 'year' then 1
end
{%- endset %}
cast(
    cast({{ integer_quotient(
        '2 * cast(cast(' ~ amount ~ ' as decimal(24, 6)) * 1000000 as decimal(38, 0)) * ' ~ intervals_a_year
        ~ ' + 12 * ' ~ billing_interval_count,
        '2 * 12 * ' ~ billing_interval_count
    ) }} as decimal(24, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6)
)
{% endmacro %}
