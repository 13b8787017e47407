-- One row per count of win_back.service_effort: the query that lists what stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set interactions = 'core' ~ '.interactions' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set orders = 'core' ~ '.orders' %}

{% set contacts %}
select interactions.interaction_id, interactions.customer_id, interactions.occurred_on,
    interactions.duration_minutes, interactions.cost
from {{ interactions }} as interactions
left join {{ dimensions }} as classes
    on interactions.customer_id = classes.customer_id
    and classes.dimension = 'value_class'
    and interactions.occurred_on >= classes.valid_from
    and (classes.valid_to is null or interactions.occurred_on < classes.valid_to)
where interactions.occurred_on >= cast($period_start as date)
    and interactions.occurred_on < {{ drill_period_end() }}
    and coalesce(classes.value, '(none)') = $value_class
    and coalesce(interactions.employee_id, '(none)') = $employee_id
{%- endset %}

{% set contacts_with_minutes %}
{{ contacts }}
    and interactions.duration_minutes is not null
{%- endset %}

{% set contacts_with_cost %}
{{ contacts }}
    and interactions.cost is not null
{%- endset %}

{% set valid_orders %}
select orders.order_id, orders.customer_id, orders.ordered_on, orders.margin
from {{ orders }} as orders
left join {{ dimensions }} as classes
    on orders.customer_id = classes.customer_id
    and classes.dimension = 'value_class'
    and orders.ordered_on >= classes.valid_from
    and (classes.valid_to is null or orders.ordered_on < classes.valid_to)
left join {{ dimensions }} as owners
    on orders.customer_id = owners.customer_id
    and owners.dimension = 'account_owner'
    and orders.ordered_on >= owners.valid_from
    and (owners.valid_to is null or orders.ordered_on < owners.valid_to)
where orders.is_valid
    and orders.customer_id is not null
    and orders.ordered_on >= cast($period_start as date)
    and orders.ordered_on < {{ drill_period_end() }}
    and coalesce(classes.value, '(none)') = $value_class
    and coalesce(owners.value, '(none)') = $employee_id
{%- endset %}

{% set orders_with_margin %}
{{ valid_orders }}
    and orders.margin is not null
{%- endset %}

{% set key = 'grain, period_start, value_class, employee_id' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('contacts', key, 'rows', contacts, 'Contacts of the employee with people of the class.'),
    ('contacts_with_minutes', key, 'rows', contacts_with_minutes,
     'Those of which the minutes are known.'),
    ('contacts_with_cost', key, 'rows', contacts_with_cost,
     'Those of which the cost is known.'),
    ('orders', key, 'rows', valid_orders,
     'Valid orders of people of the class whose owner the employee was.'),
    ('orders_with_margin', key, 'rows', orders_with_margin,
     'Those of which the margin is known.'),
] %}
with

final as (

    {{ drill_rows('win_back.service_effort', drills) }}

)

select * from final
