-- One row per count of revenue.lost_revenue: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}

{% set lost_people %}
with
month as (
    select
        cast($period_start as date) as month_start,
        cast(cast($period_start as date) + interval '1' month as date) as month_end
),
spells as (
    select customer_id, state, valid_from, valid_to
    from {{ lifecycle }}
    where basis = $basis
),
lost_people as (
    select spells.customer_id
    from spells
    inner join {{ dimensions }} as dimensions on spells.customer_id = dimensions.customer_id
    cross join month
    where spells.state <> 'lost'
        and spells.valid_from < month.month_start
        and (spells.valid_to is null or spells.valid_to >= month.month_start)
        and dimensions.dimension = $dimension
        and dimensions.value = $value
        and dimensions.valid_from < month.month_start
        and (dimensions.valid_to is null or dimensions.valid_to >= month.month_start)
        and not exists (
            select 1
            from spells as later
            where later.customer_id = spells.customer_id
                and later.state <> 'lost'
                and later.valid_from < month.month_end
                and (later.valid_to is null or later.valid_to >= month.month_end)
        )
)
{%- endset %}

{% set lost %}
{{ lost_people }}
select customer_id
from lost_people
{%- endset %}

{% set returned %}
{{ lost_people }}
select lost_people.customer_id
from lost_people
cross join month
where exists (
    select 1
    from spells
    where spells.customer_id = lost_people.customer_id
        and spells.state <> 'lost'
        and spells.valid_from >= month.month_end
)
{%- endset %}

{% set month_key = 'period_start, basis, dimension, value' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('lost_customers', month_key, 'rows', lost,
     'People at open and not at close.'),
    ('returned_since', month_key, 'rows', returned,
     'Those of them who have come back since.'),
] %}
with

final as (

    {{ drill_rows('revenue.lost_revenue', drills) }}

)

select * from final
