-- One row per measure of segmentation.product_classes: the query that lists who or what stands
-- behind a cell (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders_table = 'core' ~ '.orders' %}
{% set order_items = 'core' ~ '.order_items' %}

{% set sold %}
from {{ order_items }} as items
inner join {{ orders_table }} as orders on items.order_id = orders.order_id
where orders.is_valid
    and items.product_id = $product_id
{%- endset %}

{% set customers %}
select distinct orders.customer_id
{{ sold }}
    and orders.customer_id is not null
{%- endset %}

{% set orders %}
select distinct orders.order_id
{{ sold }}
{%- endset %}

{% set units %}
select items.order_item_id, items.quantity as amount
{{ sold }}
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', 'product_id', 'rows', customers, 'People who bought the product.'),
    ('orders', 'product_id', 'rows', orders, 'Valid orders with the product.'),
    ('units', 'product_id', 'amount', units, 'Lines of valid orders with the product.'),
] %}
with

final as (

    {{ drill_rows('segmentation.product_classes', drills) }}

)

select * from final
