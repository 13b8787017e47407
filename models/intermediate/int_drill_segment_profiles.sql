-- One row per measure of segmentation.segment_profiles: the query that lists who stands behind a
-- cell (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set first_experiences = 'core' ~ '.first_experiences' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set customers %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
people as (
    select
        lifecycle.customer_id,
        lifecycle.state = 'lost' as is_lost,
        case
            when lifecycle.state = 'lost'
                then greatest(lifecycle.valid_from - cast(1 as integer), entries.valid_from)
            else cutoff.cutoff_day
        end as described_on
    from {{ lifecycle }} as lifecycle
    inner join {{ lifecycle }} as entries
        on lifecycle.customer_id = entries.customer_id
        and entries.basis = 'any'
        and entries.spell_number = 1
    cross join cutoff
    where lifecycle.basis = 'any'
        and lifecycle.valid_from <= cutoff.cutoff_day
        and (lifecycle.valid_to is null or lifecycle.valid_to > cutoff.cutoff_day)
),
described as (
    select people.customer_id, people.is_lost, dimensions.value
    from people
    inner join {{ dimensions }} as dimensions
        on people.customer_id = dimensions.customer_id
        and people.described_on >= dimensions.valid_from
        and (dimensions.valid_to is null or people.described_on < dimensions.valid_to)
    where dimensions.dimension = $trait
    union all
    select
        people.customer_id,
        people.is_lost,
        coalesce(
            case $trait
                when 'first_discount_band' then experience.discount_band
                when 'first_complaint' then experience.complaint
                when 'first_response_time' then experience.first_response_time
                when 'first_refund' then experience.refund
            end,
            '(none)'
        ) as value
    from people
    left join {{ first_experiences }} as experience on people.customer_id = experience.customer_id
    where $trait in (
        'first_discount_band', 'first_complaint', 'first_response_time', 'first_refund'
    )
)
select customer_id
from described
where value = $value
{%- endset %}

{% set lost_customers %}
{{ customers }}
    and is_lost
{%- endset %}

{% set retained_customers %}
{{ customers }}
    and not is_lost
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', 'trait, value', 'rows', customers, 'People with the value.'),
    ('lost_customers', 'trait, value', 'rows', lost_customers,
     'People who had it on the last day before they were lost, and are lost.'),
    ('retained_customers', 'trait, value', 'rows', retained_customers,
     'People with the value who are not lost.'),
] %}
with

final as (

    {{ drill_rows('segmentation.segment_profiles', drills) }}

)

select * from final
