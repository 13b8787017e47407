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
