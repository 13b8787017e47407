{# Rules of mrr_movements and parent_mrr_movements (definitions §4): what the currencies of one person,
   or of one parent, have in common with opposite signs is a transfer between them, and only the rest
   is what their MRR changed by. Each reads opening_mrr and constant_mrr of one row per currency. #}

{# What moved between currencies within the month, the same for all of them. #}
{% macro transferred_mrr(owner) %}
least(
    sum(greatest(constant_mrr - opening_mrr, 0)) over (partition by {{ owner }}, period_start),
    sum(greatest(opening_mrr - constant_mrr, 0)) over (partition by {{ owner }}, period_start)
)
{% endmacro %}

{# Changes of the same sign in the currencies before this one: they take of the transfer first. #}
{% macro earlier_change_mrr(owner) %}
coalesce(
    sum(abs(constant_mrr - opening_mrr)) over (
        partition by {{ owner }}, period_start, sign(constant_mrr - opening_mrr)
        order by currency nulls first
        rows between unbounded preceding and 1 preceding
    ), 0
)
{% endmacro %}

{# The part of this currency's change that is a transfer, signed. #}
{% macro currency_transfer_mrr(movement, change, transferred, earlier_change) %}
case
    when {{ movement }} <> 'change' then 0
    when {{ change }} < 0
        then -greatest(least(-{{ change }}, {{ transferred }} - {{ earlier_change }}), 0)
    else greatest(least({{ change }}, {{ transferred }} - {{ earlier_change }}), 0)
end
{% endmacro %}

{# Name of a change by what it comes to over all currencies; any other movement keeps its own. #}
{% macro named_movement(movement, owner_change, transferred) %}
case
    when {{ movement }} <> 'change' then {{ movement }}
    when {{ owner_change }} > 0 then 'expansion'
    when {{ owner_change }} < 0 then 'contraction'
    when {{ transferred }} > 0 then 'currency_transfer'
    else 'unchanged'
end
{% endmacro %}
