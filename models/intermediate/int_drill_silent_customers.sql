-- One row per measure of voice_of_customer.silent_customers: the query that lists what stands
-- behind a cell (quality.drill_queries holds all of them), on tables of core alone. The estimate
-- itself has nobody behind it.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set complaints = 'core' ~ '.customer_complaints' %}
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}

{% set opened %}
select complaint_id, customer_id, opened_on
from {{ complaints }}
where opened_on >= cast($period_start as date)
    and opened_on < {{ drill_period_end() }}
{%- endset %}

{% set complainers %}
select customer_id, min(opened_on) as first_on
from {{ complaints }}
where opened_on >= cast($period_start as date)
    and opened_on < {{ drill_period_end() }}
group by customer_id
{%- endset %}

{% set customers %}
select customer_id, min(valid_from) as since
from {{ lifecycle }}
where basis = 'any'
    and state <> 'lost'
    and valid_from < {{ drill_period_end() }}
    and (valid_to is null or valid_to >= cast($period_start as date))
group by customer_id
{%- endset %}

{% set key = 'grain, period_start' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('complaints', key, 'rows', opened, 'Complaints opened in the period.'),
    ('complainers', key, 'rows', complainers, 'People who opened them.'),
    ('customers', key, 'rows', customers, 'Customers at some time of the period.'),
] %}
with

final as (

    {{ drill_rows('voice_of_customer.silent_customers', drills) }}

)

select * from final
