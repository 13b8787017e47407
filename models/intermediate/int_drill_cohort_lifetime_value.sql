-- One row per count of lifetime_value.cohort_lifetime_value: the query that lists who or what
-- stands behind a cell (quality.drill_queries holds all of them). Written from the definitions, on
-- tables of core alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set orders = 'core' ~ '.orders' %}

{% set members %}
with
first_days as (
    select customer_id, min(valid_from) as first_day
    from {{ lifecycle }}
    where basis = 'orders'
    group by customer_id
),
members as (
    select first_days.customer_id
    from first_days
    inner join {{ dimensions }} as dimensions
        on first_days.customer_id = dimensions.customer_id
    where first_days.first_day >= cast($cohort_start as date)
        and first_days.first_day < cast(cast($cohort_start as date) + interval '1' month as date)
        and dimensions.dimension = $dimension
        and dimensions.value = $value
        and dimensions.valid_from <= first_days.first_day
        and (dimensions.valid_to is null or dimensions.valid_to > first_days.first_day)
)
{%- endset %}

{% set size %}
{{ members }}
select customer_id
from members
{%- endset %}

{% set revenue %}
{{ members }}
select orders.order_id, orders.customer_id, orders.net_revenue as amount
from {{ orders }} as orders
inner join members on orders.customer_id = members.customer_id
where orders.is_valid
    and orders.ordered_on
    < {{ add_months('cast($cohort_start as date)', '$age + 1') }}
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('cohort_size', 'cohort_start, dimension, value', 'rows', size,
     'People whose first purchase is in the month.'),
    ('revenue', 'cohort_start, age, dimension, value', 'amount', revenue,
     'Their valid orders to the end of that age.'),
] %}
with

final as (

    {{ drill_rows('lifetime_value.cohort_lifetime_value', drills) }}

)

select * from final
