-- One row per count of revenue.revenue_retention: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set subscription_periods = 'core' ~ '.subscription_periods' %}

{% set presence %}
with
ends as (
    select true as is_open, cast($period_start as date) as day
    union all
    select false as is_open, cast($period_end as date) as day
),
present as (
    select distinct ends.is_open, lifecycle.customer_id
    from {{ lifecycle }} as lifecycle
    cross join ends
    where $basis = 'orders'
        and lifecycle.basis = 'orders'
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from < ends.day
        and (lifecycle.valid_to is null or lifecycle.valid_to >= ends.day)
    union all
    select distinct ends.is_open, periods.customer_id
    from {{ subscription_periods }} as periods
    cross join ends
    where $basis = 'subscriptions'
        and periods.is_paid
        and periods.starts_on < ends.day
        and (periods.ends_on is null or periods.ends_on >= ends.day)
),
valued as (
    select present.is_open, present.customer_id, dimensions.value
    from present
    inner join ends on present.is_open = ends.is_open
    inner join {{ dimensions }} as dimensions on present.customer_id = dimensions.customer_id
    where dimensions.dimension = $dimension
        and dimensions.valid_from < ends.day
        and (dimensions.valid_to is null or dimensions.valid_to >= ends.day)
)
{%- endset %}

{% set opening %}
{{ presence }}
select customer_id
from valued
where is_open and value = $value
{%- endset %}

{% set closing %}
{{ presence }}
select customer_id
from valued
where not is_open and value = $value
{%- endset %}

{% set lost %}
{{ presence }}
select valued.customer_id
from valued
left join present
    on valued.customer_id = present.customer_id
    and not present.is_open
where valued.is_open
    and valued.value = $value
    and present.customer_id is null
    and not exists (
        select 1
        from {{ subscription_periods }} as periods
        where $basis = 'subscriptions'
            and periods.customer_id = valued.customer_id
            and periods.service_state = 'paused'
            and periods.starts_on < cast($period_end as date)
            and (periods.ends_on is null or periods.ends_on >= cast($period_end as date))
    )
{%- endset %}

{% set window_key = 'period_start, period_end, basis, dimension, value' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('opening_customers', window_key, 'rows', opening,
     'People with revenue at the open.'),
    ('lost_customers', window_key, 'rows', lost,
     'Those of them with none at the close, and not paused.'),
    ('closing_customers', window_key, 'rows', closing,
     'People with revenue at the close.'),
] %}
with

final as (

    {{ drill_rows('revenue.revenue_retention', drills) }}

)

select * from final
