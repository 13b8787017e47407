-- One row per count of lifetime_value.acquisition_payback: the query that lists who or what stands
-- behind a cell (quality.drill_queries holds all of them). Written from the definitions, on tables
-- of core alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set customers = 'core' ~ '.customers' %}
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
    inner join {{ customers }} as customers on first_days.customer_id = customers.customer_id
    where first_days.first_day >= cast($cohort_start as date)
        and first_days.first_day < cast(cast($cohort_start as date) + interval '1' month as date)
        and coalesce(customers.acquisition_channel, '(none)') = $acquisition_channel
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
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', 'acquisition_channel, cohort_start', 'rows', size,
     'People of the channel whose first purchase is in the month.'),
    ('revenue_to_date', 'acquisition_channel, cohort_start', 'amount', revenue,
     'Their valid orders.'),
] %}
with

final as (

    {{ drill_rows('lifetime_value.acquisition_payback', drills) }}

)

select * from final
