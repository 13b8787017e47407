{# Population standard deviation over mean of a series of months, from its exact sums in hundredths:
   sqrt(n * sum of squares - sum * sum) / sum. Null below 6 months and where the mean is not above 0
   (definitions §6, XYZ). #}
{% macro variation(months, total, squares) %}
case
    when {{ months }} >= 6 and {{ total }} > 0
        then
            sqrt(
                cast(
                    cast({{ months }} as decimal(2, 0)) * cast({{ squares }} as decimal(34, 0))
                    - cast({{ total }} as decimal(18, 0)) * cast({{ total }} as decimal(18, 0))
                    as double
                )
            )
            / nullif(cast({{ total }} as double), 0)
end
{% endmacro %}

{# How many of the 12 months up to last_month a group's variation is about: those from that of its
   first row on (definitions §6, XYZ). Rows are months; a month without a row is one too. #}
{% macro variation_months(period_number, last_month) %}
greatest(
    {{ last_month }} - greatest(min({{ period_number }}), {{ last_month }} - 11) + 1,
    0
)
{% endmacro %}

{# Total of a group's rows in the 12 months up to last_month, null without any; months without a row
   would add nothing. #}
{% macro variation_sum(amount, period_number, last_month) %}
sum(
    case
        when {{ period_number }} between {{ last_month }} - 11 and {{ last_month }}
            then {{ amount }}
    end
)
{% endmacro %}

{# X, Y or Z of a variation; Z too where there are too few months to say. #}
{% macro xyz_class(variation) %}
case
    when {{ variation }} <= {{ var('xyz_x_variation') }} then 'X'
    when {{ variation }} <= {{ var('xyz_y_variation') }} then 'Y'
    else 'Z'
end
{% endmacro %}

{# A, B or C by the total before one in descending order (definitions §6, ABC): exact, in whole numbers. #}
{% macro abc_class(before, total) %}
case
    when 10000 * ({{ before }}) < cast(floor(round({{ var('abc_a_share') }} * 10000)) as bigint) * ({{ total }}) then 'A'
    when 10000 * ({{ before }}) < cast(floor(round({{ var('abc_b_share') }} * 10000)) as bigint) * ({{ total }}) then 'B'
    else 'C'
end
{% endmacro %}
