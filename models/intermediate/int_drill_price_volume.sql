-- One row per measure of revenue.price_volume: the query that lists who or what stands behind a
-- cell (quality.drill_queries holds all of them). Written from the definitions, on tables of core
-- alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders = 'core' ~ '.orders' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}

{# the value at the end of the order's day, or the first where the order came before it #}
{% set placed_orders %}
with
valid_orders as (
    select order_id, customer_id, ordered_on, net_revenue
    from {{ orders }}
    where is_valid
        and cast(date_trunc('month', ordered_on) as date) = cast($START as date)
),
placed_orders as (
    select valid_orders.order_id, valid_orders.customer_id, valid_orders.ordered_on,
        valid_orders.net_revenue,
        case
            when $dimension = 'all' then 'all'
            when valid_orders.customer_id is null then '(anonymous)'
            else coalesce(
                (
                    select max_by(dimensions.value, dimensions.valid_from)
                    from {{ dimensions }} as dimensions
                    where dimensions.customer_id = valid_orders.customer_id
                        and dimensions.dimension = $dimension
                        and dimensions.valid_from <= valid_orders.ordered_on
                ),
                (
                    select min_by(dimensions.value, dimensions.valid_from)
                    from {{ dimensions }} as dimensions
                    where dimensions.customer_id = valid_orders.customer_id
                        and dimensions.dimension = $dimension
                ),
                '(none)'
            )
        end as value
    from valid_orders
)
{%- endset %}

{% set customers %}
{{ placed_orders }}
select distinct customer_id
from placed_orders
where value = $value and customer_id is not null
{%- endset %}

{% set listed_orders %}
{{ placed_orders }}
select customer_id, order_id, ordered_on
from placed_orders
where value = $value
{%- endset %}

{% set nobody %}
{{ placed_orders }}
select order_id, ordered_on
from placed_orders
where value = $value and customer_id is null
{%- endset %}

{% set revenue %}
{{ placed_orders }}
select customer_id, order_id, ordered_on, net_revenue as amount
from placed_orders
where value = $value
{%- endset %}

{% set now = 'period_start, dimension, value' %}
{% set then = 'compared_start, dimension, value' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', now, 'rows', customers | replace('$START', '$period_start'),
     'People with a valid order in the month under the value.'),
    ('compared_customers', then, 'rows', customers | replace('$START', '$compared_start'),
     'People with a valid order in the month compared with.'),
    ('orders', now, 'rows', listed_orders | replace('$START', '$period_start'),
     'Valid orders of the month.'),
    ('compared_orders', then, 'rows', listed_orders | replace('$START', '$compared_start'),
     'Valid orders of the month compared with.'),
    ('anonymous_orders', now, 'rows', nobody | replace('$START', '$period_start'),
     'Valid orders of nobody.'),
    ('revenue', now, 'amount', revenue | replace('$START', '$period_start'),
     'Valid orders of the month with their net revenue.'),
] %}
with

final as (

    {{ drill_rows('revenue.price_volume', drills) }}

)

select * from final
