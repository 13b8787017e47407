{# The rule that settles how long after an occasion a person is lost, by gaps known on its day. #}
{% macro lapse_window_rule(own_gaps, point_rule) %}
case
    when '{{ var("lapse_rule") }}' = 'fixed' then 'fixed'
    when '{{ var("lapse_rule") }}' = 'own_interval' and {{ own_gaps }} >= 2
        then 'own_interval'
    else coalesce({{ point_rule }}, 'fixed')
end
{% endmacro %}

{# The days of that window. The floor holds for the lapse point too where that falls back to
   fixed_lapse_days; only lapse_rule fixed has none. #}
{% macro lapse_window_days(rule, own_gaps, own_gap_days, lapse_point_days) %}
greatest(
    1,
    case
        when '{{ var("lapse_rule") }}' = 'fixed' then {{ var('fixed_lapse_days') }}
        when {{ rule }} = 'own_interval'
            then greatest(
                    {{ var('lapse_floor_days') }},
                    cast(ceil(round(
                        cast({{ var('lapse_factor') }} as double)
                        * cast({{ own_gap_days }} as double)
                        / nullif(cast({{ own_gaps }} as double), 0),
                        6
                    )) as integer)
                )
        else greatest(
                {{ var('lapse_floor_days') }},
                coalesce({{ lapse_point_days }}, {{ var('fixed_lapse_days') }})
            )
    end
)
{% endmacro %}
