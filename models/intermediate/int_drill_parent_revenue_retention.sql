-- One row per count of revenue.parent_revenue_retention: the query that lists who stands behind a
-- cell (quality.drill_queries holds all of them). Written from the definitions, on tables of core
-- alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set customers = 'core' ~ '.customers' %}
{% set subscription_periods = 'core' ~ '.subscription_periods' %}

{% set ends %}
with
periods as (
    select customers.parent_customer_id, periods.is_paid, periods.service_state,
        periods.starts_on, periods.ends_on
    from {{ subscription_periods }} as periods
    inner join {{ customers }} as customers on periods.customer_id = customers.customer_id
),
parents as (
    select
        parent_customer_id,
        coalesce(bool_or(is_paid and starts_on < cast($period_start as date)
            and (ends_on is null or ends_on >= cast($period_start as date))), false) as is_at_open,
        coalesce(bool_or(is_paid and starts_on < cast($period_end as date)
            and (ends_on is null or ends_on >= cast($period_end as date))), false) as is_at_close,
        coalesce(bool_or(service_state = 'paused' and starts_on < cast($period_end as date)
            and (ends_on is null or ends_on >= cast($period_end as date))), false) as is_paused
    from periods
    group by parent_customer_id
)
select parent_customer_id
from parents
{%- endset %}

{% set key = 'period_start, period_end' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('opening_parents', key, 'rows', ends ~ '\nwhere is_at_open',
     'Parent accounts with MRR at the open, their own or of an account below them.'),
    ('gained_parents', key, 'rows', ends ~ '\nwhere is_at_close and not is_at_open',
     'Those with MRR at the close and none at the open.'),
    ('paused_parents', key, 'rows', ends ~ '\nwhere is_at_open and not is_at_close and is_paused',
     'Those with MRR at the open, none at the close, and an account paused.'),
    ('lost_parents', key, 'rows',
     ends ~ '\nwhere is_at_open and not is_at_close and not is_paused',
     'Those with MRR at the open and none at the close, and no account paused.'),
    ('closing_parents', key, 'rows', ends ~ '\nwhere is_at_close',
     'Parent accounts with MRR at the close.'),
] %}
with

final as (

    {{ drill_rows('revenue.parent_revenue_retention', drills) }}

)

select * from final
