-- One row per measure of segmentation.product_affinity: the query that lists what stands behind a
-- cell (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders_table = 'core' ~ '.orders' %}
{% set order_items = 'core' ~ '.order_items' %}

{% set with_one %}
select distinct items.order_id
from {{ order_items }} as items
inner join {{ orders_table }} as orders on items.order_id = orders.order_id
where orders.is_purchase
    and items.product_id = $product_id
{%- endset %}

{% set with_other = with_one | replace('$product_id', '$other_product_id') %}

{% set both_orders %}
{{ with_one }}
intersect
{{ with_other }}
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('product_orders', 'product_id', 'rows', with_one, 'Purchases with the one product.'),
    ('other_orders', 'other_product_id', 'rows', with_other,
     'Purchases with the other product.'),
    ('both_orders', 'product_id, other_product_id', 'rows', both_orders,
     'Purchases with both products.'),
] %}
with

final as (

    {{ drill_rows('segmentation.product_affinity', drills) }}

)

select * from final
