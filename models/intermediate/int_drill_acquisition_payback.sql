-- One row per count of lifetime_value.acquisition_payback: the query that lists who or what stands
-- behind a cell (quality.drill_queries holds all of them). Written from the definitions, on tables
-- of core alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set customers = 'core' ~ '.customers' %}
{% set orders = 'core' ~ '.orders' %}
{% set services = 'core' ~ '.subscription_periods' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set members %}
with
first_days as (
    select customer_id, min(valid_from) as first_day
    from {{ lifecycle }}
    where basis = 'any'
    group by customer_id
),
members as (
    select first_days.customer_id
    from first_days
    inner join {{ customers }} as customers on first_days.customer_id = customers.customer_id
    where first_days.first_day >= cast($cohort_start as date)
        and first_days.first_day < cast(cast($cohort_start as date) + interval '1' month as date)
        and coalesce(customers.acquisition_channel, '(none)') = $acquisition_channel
)
{%- endset %}

{% set size %}
{{ members }}
select customer_id
from members
{%- endset %}

{% set services_listed %}
select cast(null as varchar) as order_id, services.subscription_id, services.customer_id,
    services.mrr * count(*) as amount
from {{ services }} as services
inner join members on services.customer_id = members.customer_id
inner join (
    select month_start, max(day) as close_day
    from {{ calendar }}
    where is_complete
    group by month_start
) as closes
    on services.starts_on <= closes.close_day
    and (services.ends_on is null or services.ends_on > closes.close_day)
where services.is_paid
    and services.mrr > 0
group by services.subscription_id, services.item_id, services.kind, services.starts_at,
    services.customer_id, services.mrr
{%- endset %}

{% set subscription_revenue %}
{{ members }}
{{ services_listed }}
{%- endset %}

{% set revenue %}
{{ members }}
select orders.order_id, cast(null as varchar) as subscription_id, orders.customer_id,
    orders.net_revenue as amount
from {{ orders }} as orders
inner join members on orders.customer_id = members.customer_id
where orders.is_valid
    and not (
        orders.is_subscription_order
        and exists (
            select 1
            from {{ services }} as services
            where services.customer_id = orders.customer_id
                and services.is_paid
                and services.mrr > 0
        )
    )
union all
{{ services_listed }}
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', 'acquisition_channel, cohort_start', 'rows', size,
     'People of the channel whose first purchase or paid service is in the month.'),
    ('revenue_to_date', 'acquisition_channel, cohort_start', 'amount', revenue,
     'Their valid orders but those that bill a subscription, and their MRR at the close of months.'),
    ('subscription_revenue_to_date', 'acquisition_channel, cohort_start', 'amount',
     subscription_revenue, 'Their paid service, by its MRR at the close of months.'),
] %}
with

final as (

    {{ drill_rows('lifetime_value.acquisition_payback', drills) }}

)

select * from final
