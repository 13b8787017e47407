{# 95 % intervals of shares and of differences of shares. Two-sided standard normal quantile of 0.95. #}
{% macro normal_quantile() %}1.959963984540054{% endmacro %}

{# Wilson (1927), JASA 22, 209-212; method 3 of Newcombe (1998), Statistics in Medicine 17, 857-872.
   0 of n begins at exactly 0 and n of n ends at exactly 1, which doubles would miss by a hair. #}
{% macro wilson_low(successes, trials) %}
case
    when {{ trials }} > 0 and {{ successes }} = 0 then cast(0 as double)
    when {{ trials }} > 0
        then greatest(
            cast(0 as double),
            (
                2 * cast({{ successes }} as double) + {{ normal_quantile() }} * {{ normal_quantile() }}
                - {{ normal_quantile() }} * {{ _wilson_root(successes, trials) }}
            ) / (2 * (cast({{ trials }} as double) + {{ normal_quantile() }} * {{ normal_quantile() }}))
        )
end
{% endmacro %}

{% macro wilson_high(successes, trials) %}
case
    when {{ trials }} > 0 and {{ successes }} = {{ trials }} then cast(1 as double)
    when {{ trials }} > 0
        then least(
            cast(1 as double),
            (
                2 * cast({{ successes }} as double) + {{ normal_quantile() }} * {{ normal_quantile() }}
                + {{ normal_quantile() }} * {{ _wilson_root(successes, trials) }}
            ) / (2 * (cast({{ trials }} as double) + {{ normal_quantile() }} * {{ normal_quantile() }}))
        )
end
{% endmacro %}

{% macro _wilson_root(successes, trials) %}
sqrt(
    {{ normal_quantile() }} * {{ normal_quantile() }}
    + 4 * cast({{ successes }} as double)
    * (cast({{ trials }} as double) - cast({{ successes }} as double))
    / nullif(cast({{ trials }} as double), 0)
)
{% endmacro %}

{# Newcombe (1998), Statistics in Medicine 17, 873-890, method 10 without continuity correction: the
   distance of each share to the end of its own Wilson interval that lies on the side asked for. #}
{% macro difference_low(successes, trials, other_successes, other_trials) %}
({{ share(successes, trials) }} - {{ share(other_successes, other_trials) }} - sqrt(
    {{ _squared_reach(successes, trials, 'low') }}
    + {{ _squared_reach(other_successes, other_trials, 'high') }}
))
{% endmacro %}

{% macro difference_high(successes, trials, other_successes, other_trials) %}
({{ share(successes, trials) }} - {{ share(other_successes, other_trials) }} + sqrt(
    {{ _squared_reach(successes, trials, 'high') }}
    + {{ _squared_reach(other_successes, other_trials, 'low') }}
))
{% endmacro %}

{# The same for (after - before) - (other after - other before): Zou and Donner (2008), Statistics in
   Medicine 27, 1693-1702, which for two shares is Newcombe's method. Each argument: [successes, trials]. #}
{% macro double_difference_low(after, before, other_after, other_before) %}
({{ _double_difference(after, before, other_after, other_before) }} - sqrt(
    {{ _squared_reach(after[0], after[1], 'low') }}
    + {{ _squared_reach(before[0], before[1], 'high') }}
    + {{ _squared_reach(other_after[0], other_after[1], 'high') }}
    + {{ _squared_reach(other_before[0], other_before[1], 'low') }}
))
{% endmacro %}

{% macro double_difference_high(after, before, other_after, other_before) %}
({{ _double_difference(after, before, other_after, other_before) }} + sqrt(
    {{ _squared_reach(after[0], after[1], 'high') }}
    + {{ _squared_reach(before[0], before[1], 'low') }}
    + {{ _squared_reach(other_after[0], other_after[1], 'low') }}
    + {{ _squared_reach(other_before[0], other_before[1], 'high') }}
))
{% endmacro %}

{% macro _double_difference(after, before, other_after, other_before) %}
{{ share(after[0], after[1]) }} - {{ share(before[0], before[1]) }}
- {{ share(other_after[0], other_after[1]) }} + {{ share(other_before[0], other_before[1]) }}
{% endmacro %}

{% macro _squared_reach(successes, trials, side) %}
{%- set end = wilson_low(successes, trials) if side == 'low' else wilson_high(successes, trials) -%}
power({{ share(successes, trials) }} - {{ end }}, 2)
{% endmacro %}

{# Part of a whole, null where there is no whole. #}
{% macro share(part, whole) %}(cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)){% endmacro %}

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
        {{ share(
            '(' ~ share(positive, total) ~ ' * ' ~ share(negative, total) ~ ')',
            '((1 - ' ~ share(positive, total) ~ ') * (1 - ' ~ share(negative, total) ~ '))'
        ) }},
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
