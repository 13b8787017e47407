{# 95 % interval of positive share - negative share of one group (NPS): Zou and Donner (2008),
   Statistics in Medicine 27, 1693-1702, from the Wilson ends of both shares and the correlation that
   two shares of one multinomial have. Where a share is all or nothing there is none: 0. #}
{% macro net_score_low(positive, negative, total) %}
({{ share(positive, total) }} - {{ share(negative, total) }} - sqrt(
    {{ _joint_reach(positive, negative, total, 'low', 'high') }}
))
{% endmacro %}

{% macro net_score_high(positive, negative, total) %}
({{ share(positive, total) }} - {{ share(negative, total) }} + sqrt(
    {{ _joint_reach(positive, negative, total, 'high', 'low') }}
))
{% endmacro %}

{# The correlation is below 0, so that its term adds; nothing falls below 0 by rounding. #}
{% macro _joint_reach(positive, negative, total, positive_side, negative_side) %}
{{ _squared_reach(positive, total, positive_side) }}
+ {{ _squared_reach(negative, total, negative_side) }}
+ 2 * sqrt(
    {{ _squared_reach(positive, total, positive_side) }}
    * {{ _squared_reach(negative, total, negative_side) }}
    * coalesce(
        {{ share(positive, total) }} * {{ share(negative, total) }} / nullif(
            (1 - {{ share(positive, total) }}) * (1 - {{ share(negative, total) }}), 0
        ),
        0
    )
)
{% endmacro %}

{# Half the width of the 95 % interval of a mean, from n, the sum and the sum of squares; null below 2. #}
{% macro mean_reach(total, number_sum, square_sum) %}
case
    when {{ total }} > 1
        then {{ normal_quantile() }} * sqrt(
            greatest(
                cast(0 as double),
                {{ share(square_sum, total) }}
                - {{ share(number_sum, total) }} * {{ share(number_sum, total) }}
            ) / (cast({{ total }} as double) - 1)
        )
end
{% endmacro %}
