-- One row per measure of retention.retention_rates: the query that lists who or what stands
-- behind a cell (quality.drill_queries holds all of them). Written from the definitions, on tables
-- of core alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}

{% set presence %}
with
period as (
    select
        cast($period_start as date) as period_start,
        {{ drill_period_end() }} as period_end
),
at_open as (
    select lifecycle.customer_id, lifecycle.state, lifecycle.valid_from as since, dimensions.value
    from {{ lifecycle }} as lifecycle
    inner join {{ dimensions }} as dimensions
        on lifecycle.customer_id = dimensions.customer_id
    cross join period
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from < period.period_start
        and (lifecycle.valid_to is null or lifecycle.valid_to >= period.period_start)
        and dimensions.dimension = $dimension
        and dimensions.valid_from < period.period_start
        and (dimensions.valid_to is null or dimensions.valid_to >= period.period_start)
),
at_close as (
    select lifecycle.customer_id, lifecycle.state, lifecycle.valid_from as since, dimensions.value
    from {{ lifecycle }} as lifecycle
    inner join {{ dimensions }} as dimensions
        on lifecycle.customer_id = dimensions.customer_id
    cross join period
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from < period.period_end
        and (lifecycle.valid_to is null or lifecycle.valid_to >= period.period_end)
        and dimensions.dimension = $dimension
        and dimensions.valid_from < period.period_end
        and (dimensions.valid_to is null or dimensions.valid_to >= period.period_end)
),
first_days as (
    select customer_id, min(valid_from) as first_day
    from {{ lifecycle }}
    where basis = $basis
    group by customer_id
)
{%- endset %}

{% set opening %}
{{ presence }}
select customer_id, state, since
from at_open
where value = $value
{%- endset %}

{% set closing %}
{{ presence }}
select customer_id, state, since
from at_close
where value = $value
{%- endset %}

{% set new %}
{{ presence }}
select at_close.customer_id, first_days.first_day
from at_close
inner join first_days on at_close.customer_id = first_days.customer_id
cross join period
left join at_open on at_close.customer_id = at_open.customer_id
where at_close.value = $value
    and at_open.customer_id is null
    and first_days.first_day >= period.period_start
{%- endset %}

{% set returned %}
{{ presence }}
select at_close.customer_id, at_close.state, at_close.since
from at_close
inner join first_days on at_close.customer_id = first_days.customer_id
cross join period
left join at_open on at_close.customer_id = at_open.customer_id
where at_close.value = $value
    and at_open.customer_id is null
    and first_days.first_day < period.period_start
{%- endset %}

{% set lost %}
{{ presence }}
select at_open.customer_id, at_open.state as state_at_open, at_open.since
from at_open
left join at_close on at_open.customer_id = at_close.customer_id
where at_open.value = $value
    and at_close.customer_id is null
{%- endset %}

{% set moved_in %}
{{ presence }}
select at_close.customer_id, at_open.value as came_from
from at_close
inner join at_open on at_close.customer_id = at_open.customer_id
where at_close.value = $value
    and at_open.value <> $value
{%- endset %}

{% set moved_out %}
{{ presence }}
select at_open.customer_id, at_close.value as went_to
from at_open
inner join at_close on at_open.customer_id = at_close.customer_id
where at_open.value = $value
    and at_close.value <> $value
{%- endset %}

{% set intra_period_lapse %}
{{ presence }}
select at_open.customer_id, min(lifecycle.valid_from) as lost_on
from at_open
inner join at_close on at_open.customer_id = at_close.customer_id
cross join period
inner join {{ lifecycle }} as lifecycle
    on at_open.customer_id = lifecycle.customer_id
where at_open.value = $value
    and lifecycle.basis = $basis
    and lifecycle.state = 'lost'
    and lifecycle.valid_from >= period.period_start
    and lifecycle.valid_from < period.period_end
group by at_open.customer_id
{%- endset %}

{% set transient %}
{{ presence }},
entries as (
    select lifecycle.customer_id, min(lifecycle.valid_from) as came_on
    from {{ lifecycle }} as lifecycle
    cross join period
    left join at_open on lifecycle.customer_id = at_open.customer_id
    left join at_close on lifecycle.customer_id = at_close.customer_id
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from >= period.period_start
        and lifecycle.valid_from < period.period_end
        and at_open.customer_id is null
        and at_close.customer_id is null
    group by lifecycle.customer_id
)
select entries.customer_id, entries.came_on
from entries
inner join {{ dimensions }} as dimensions
    on entries.customer_id = dimensions.customer_id
where dimensions.dimension = $dimension
    and dimensions.value = $value
    and dimensions.valid_from <= entries.came_on
    and (dimensions.valid_to is null or dimensions.valid_to > entries.came_on)
{%- endset %}

{% set rates_key = 'grain, period_start, basis, dimension, value' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('opening', rates_key, 'rows', opening,
     'People there at open.'),
    ('new', rates_key, 'rows', new,
     'People at close, not at open, whose first spell starts in the period.'),
    ('returned', rates_key, 'rows', returned,
     'Other people at close and not at open.'),
    ('lost', rates_key, 'rows', lost,
     'People at open and not at close.'),
    ('transient', rates_key, 'rows', transient,
     'People who came and went inside the period.'),
    ('intra_period_lapse', rates_key, 'rows', intra_period_lapse,
     'People at both ends with a lost spell inside.'),
    ('moved_in', rates_key, 'rows', moved_in,
     'People at both ends who came to the value.'),
    ('moved_out', rates_key, 'rows', moved_out,
     'People at both ends who left the value.'),
    ('closing', rates_key, 'rows', closing,
     'People there at close.'),
] %}
with

final as (

    {{ drill_rows('retention.retention_rates', drills) }}

)

select * from final
