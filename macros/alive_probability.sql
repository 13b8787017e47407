{# Chance that a person is alive at the end of age: odds of having dropped out, in one exponent.
   chances = purchases after which they could drop out; model = prefix of the four parameters. #}
{% macro alive_probability(repeats, recency, age, model, chances) %}
case
    when {{ model }}_r is null then null
    when {{ chances }} = 0 then 1
    else cast(1 as double) / nullif(
        1 + exp(
            least(
                ln({{ model }}_a) - ln({{ model }}_b + {{ chances }} - 1)
                + ({{ model }}_r + {{ repeats }})
                * (ln({{ model }}_alpha + {{ age }}) - ln({{ model }}_alpha + {{ recency }})),
                700
            )
        ),
        0
    )
end
{% endmacro %}
