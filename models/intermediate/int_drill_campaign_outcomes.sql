-- One row per count of win_back.campaign_outcomes: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set contacts = 'core' ~ '.campaign_contacts' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}

{% set people %}
select contacts.customer_id
from {{ contacts }} as contacts
where contacts.campaign_id = $campaign_id
    and contacts.variant = $variant
    and (
        $dimension = 'all'
        or ($dimension = 'state_at_contact' and contacts.state_at_contact = $value)
        or ($dimension = 'channel' and contacts.channel = $value)
        or exists (
            select 1
            from {{ dimensions }} as dimensions
            where dimensions.customer_id = contacts.customer_id
                and dimensions.dimension = $dimension
                and dimensions.value = $value
                and dimensions.valid_from < contacts.sent_on
                and (dimensions.valid_to is null or dimensions.valid_to >= contacts.sent_on)
        )
        or (
            $value = '(none)'
            and $dimension in ('value_class', 'loyalty_tier')
            and not exists (
                select 1
                from {{ dimensions }} as dimensions
                where dimensions.customer_id = contacts.customer_id
                    and dimensions.dimension = $dimension
                    and dimensions.valid_from < contacts.sent_on
                    and (dimensions.valid_to is null or dimensions.valid_to >= contacts.sent_on)
            )
        )
    )
{%- endset %}

{% set returned %}
{{ people }}
    and contacts.returned_on is not null
{%- endset %}

{% set held_back = "= 'control' and $variant <> 'control'" %}
{% set control_people = people | replace('= $variant', held_back) %}
{% set control_returned = returned | replace('= $variant', held_back) %}

{% set key = 'campaign_id, variant, dimension, value' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('people', key, 'rows', people, 'People of the arm.'),
    ('returned', key, 'rows', returned, 'Of them who bought, or began a paid service, in the window.'),
    ('control_people', key, 'rows', control_people, 'People held back.'),
    ('control_returned', key, 'rows', control_returned, 'Of them who bought in the window.'),
] %}
with

final as (

    {{ drill_rows('win_back.campaign_outcomes', drills) }}

)

select * from final
