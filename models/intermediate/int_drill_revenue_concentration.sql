-- One row per measure of revenue.revenue_concentration: the query that lists who or what stands
-- behind a cell (quality.drill_queries holds all of them). Written from the definitions, on tables
-- of core alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders = 'core' ~ '.orders' %}

{% set buyers %}
with
buyers as (
    select
        customer_id,
        case when sum(net_revenue) > 0 then sum(net_revenue) else 0 end as amount
    from {{ orders }}
    where is_valid
        and customer_id is not null
        and (
            $grain = 'all'
            or cast(date_trunc('month', ordered_on) as date) = cast($period_start as date)
        )
    group by customer_id
)
{%- endset %}

{% set window_customers %}
{{ buyers }}
select customer_id, amount
from buyers
{%- endset %}

{% set top %}
{{ buyers }}
select customer_id, amount
from buyers
qualify
    100 * (row_number() over (order by amount desc nulls last, customer_id nulls last) - 1)
    < cast($top_percent as integer) * count(*) over ()
{%- endset %}

{% set window_key = 'grain, period_start' %}
{% set top_key = 'grain, period_start, top_percent' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('window_customers', window_key, 'rows', window_customers,
     'People with a valid order in the period.'),
    ('window_revenue', window_key, 'amount', window_customers,
     'People with a valid order in the period, with their net revenue in it, at least 0.'),
    ('customers', top_key, 'rows', top,
     'The people who spent most in the period.'),
    ('revenue', top_key, 'amount', top,
     'The people who spent most in the period, with their net revenue in it, at least 0.'),
] %}
with

final as (

    {{ drill_rows('revenue.revenue_concentration', drills) }}

)

select * from final
