-- One row per count of lifetime_value.formula_lifetime_value: the query that lists who or what
-- stands behind a cell (quality.drill_queries holds all of them). Written from the definitions, on
-- tables of core alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}

{% set presence %}
with
ends as (
    select
        months_back,
        {{ add_months('cast($through_month as date)', '1 - months_back') }}
            as day
    from range(0, 7) as months (months_back)
),
present as (
    select distinct ends.months_back, ends.day, lifecycle.customer_id
    from {{ lifecycle }} as lifecycle
    cross join ends
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from < ends.day
        and (lifecycle.valid_to is null or lifecycle.valid_to >= ends.day)
),
valued as (
    select present.months_back, present.day, present.customer_id
    from present
    inner join {{ dimensions }} as dimensions on present.customer_id = dimensions.customer_id
    where dimensions.dimension = $dimension
        and dimensions.value = $value
        and dimensions.valid_from < present.day
        and (dimensions.valid_to is null or dimensions.valid_to >= present.day)
)
{%- endset %}

{% set customers %}
{{ presence }}
select customer_id
from valued
where months_back = 0
{%- endset %}

{% set opening %}
{{ presence }}
select customer_id, day as month_start
from valued
where months_back > 0
{%- endset %}

{% set lost %}
{{ presence }}
select valued.customer_id, valued.day as month_start
from valued
inner join ends on valued.months_back - 1 = ends.months_back
left join present
    on valued.customer_id = present.customer_id
    and ends.months_back = present.months_back
where valued.months_back > 0
    and present.customer_id is null
{%- endset %}

{% set key = 'through_month, basis, dimension, value' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', key, 'rows', customers,
     'Customers at the close of the latest complete month.'),
    ('opening_customers', key, 'rows', opening,
     'Customers at the open of each of the 6 months.'),
    ('lost_customers', key, 'rows', lost,
     'Those of them who are lost at its close.'),
] %}
with

final as (

    {{ drill_rows('lifetime_value.formula_lifetime_value', drills) }}

)

select * from final
