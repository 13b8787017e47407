-- One row per measure of retention.change_effect: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set customer_lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set customer_dimensions = 'core' ~ '.customer_dimensions' %}
{% set calendar = 'core' ~ '.calendar' %}

{# who is there at the open of the window that begins on a day, with their state at its close #}
{% set at_open %}
with
cutoff as (
    select max(day) + 1 as data_end
    from {{ calendar }}
    where is_complete
),
bounds as (
    select
        cast($effective_on as date) - cast($window_days as integer) as before_on,
        cast($effective_on as date) as effective_on,
        least(cast($effective_on as date) + cast($window_days as integer), data_end) as after_on
    from cutoff
),
standing as (
    select
        lifecycle.customer_id,
        bounds.OPEN as opens_on,
        bounds.CLOSE as closes_on
    from {{ customer_lifecycle }} as lifecycle
    inner join bounds
        on lifecycle.valid_from < bounds.OPEN
        and (lifecycle.valid_to is null or lifecycle.valid_to >= bounds.OPEN)
    where lifecycle.basis = $basis and lifecycle.state <> 'lost'
),
people as (
    select
        standing.customer_id,
        coalesce(at_close.state = 'lost', false) as is_lost,
        case
            when cast($scope_dimension as varchar) is null then 'all'
            else coalesce(dimension.value, '(none)')
        end as value
    from standing
    left join {{ customer_lifecycle }} as at_close
        on standing.customer_id = at_close.customer_id
        and at_close.basis = $basis
        and at_close.valid_from < standing.closes_on
        and (at_close.valid_to is null or at_close.valid_to >= standing.closes_on)
    left join {{ customer_dimensions }} as dimension
        on standing.customer_id = dimension.customer_id
        and dimension.dimension = $scope_dimension
        and dimension.valid_from < standing.opens_on
        and (dimension.valid_to is null or dimension.valid_to >= standing.opens_on)
)
select customer_id, is_lost
from people
{%- endset %}

{% set before = at_open | replace('OPEN', 'before_on') | replace('CLOSE', 'effective_on') %}
{% set after = at_open | replace('OPEN', 'effective_on') | replace('CLOSE', 'after_on') %}
{% set touched %}

where $comparison <> 'scope not known' and value = coalesce(cast($scope_value as varchar), 'all')
{%- endset %}
{% set untouched %}

where $comparison = 'against untouched' and value not in ('(none)', $scope_value)
{%- endset %}
{% set lost %}

    and is_lost
{%- endset %}

{% set key = 'effective_on, window_days, basis, scope_dimension, scope_value, comparison' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('opening_before', key, 'rows', before ~ touched,
     'Touched people there at the open of the window before the change.'),
    ('lost_before', key, 'rows', before ~ touched ~ lost,
     'Those of them lost at its close.'),
    ('opening_after', key, 'rows', after ~ touched,
     'Touched people there at the open of the window after the change.'),
    ('lost_after', key, 'rows', after ~ touched ~ lost,
     'Those of them lost at its close, or at the cutoff while it runs.'),
    ('untouched_opening_before', key, 'rows', before ~ untouched,
     'People with another value there at the open of the window before the change.'),
    ('untouched_lost_before', key, 'rows', before ~ untouched ~ lost,
     'Those of them lost at its close.'),
    ('untouched_opening_after', key, 'rows', after ~ untouched,
     'People with another value there at the open of the window after the change.'),
    ('untouched_lost_after', key, 'rows', after ~ untouched ~ lost,
     'Those of them lost at its close, or at the cutoff while it runs.'),
] %}
with

final as (

    {{ drill_rows('retention.change_effect', drills) }}

)

select * from final
