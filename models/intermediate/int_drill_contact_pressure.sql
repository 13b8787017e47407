-- One row per count of voice_of_customer.contact_pressure: the query that lists who stands behind a
-- cell (quality.drill_queries holds all of them), on tables of core alone, person by person.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set contacts = 'core' ~ '.contacts' %}
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set calendar = 'core' ~ '.calendar' %}
{% set days = var('contact_outcome_days') %}

{% set people %}
with
spells as (
    select customer_id, state, valid_from, valid_to
    from {{ lifecycle }}
    where basis = 'any'
),
month_ends as (
    select day as observed_on
    from {{ calendar }}
    where day in (select cast(month_start - 1 as date) from {{ calendar }})
        and day >= (select min(valid_from) from spells)
        and day + {{ days }} <= (select max(day) from {{ calendar }} where is_complete)
    order by day desc nulls last
    limit 12
),
people as (
    select month_ends.observed_on, spells.customer_id, count(contacts.contact_id) as contacts
    from month_ends
    inner join spells
        on spells.valid_from <= month_ends.observed_on
        and (spells.valid_to is null or spells.valid_to > month_ends.observed_on)
    left join {{ contacts }} as contacts
        on contacts.customer_id = spells.customer_id
        and $channel in ('all', contacts.channel)
        and contacts.contacted_on <= month_ends.observed_on
        and contacts.contacted_on > month_ends.observed_on - 30
    where spells.state = $state
    group by month_ends.observed_on, spells.customer_id
    having count(contacts.contact_id) >= $from_contacts
        and ($to_contacts is null or count(contacts.contact_id) <= $to_contacts)
)
select customer_id, observed_on
from people
{%- endset %}

{% set lost %}
{{ people }}
where exists (
    select 1
    from spells
    where spells.customer_id = people.customer_id
        and spells.state = 'lost'
        and spells.valid_from > people.observed_on
        and spells.valid_from <= people.observed_on + {{ days }}
)
{%- endset %}

{% set key = 'channel, state, from_contacts, to_contacts' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('people', key, 'rows', people, 'People at month ends.'),
    ('lost', key, 'rows', lost, 'Of them who were lost in the days after.'),
] %}
with

final as (

    {{ drill_rows('voice_of_customer.contact_pressure', drills) }}

)

select * from final
