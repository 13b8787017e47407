-- One row per measure of revenue.revenue_growth: the query that lists who or what stands behind a
-- cell (quality.drill_queries holds all of them). Written from the definitions, on tables of core
-- alone, and not from the mart's model: that both agree is a proof of either.

{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set orders = 'core' ~ '.orders' %}
{% set refunds = 'core' ~ '.refunds' %}

{% set placed_orders %}
with
valid_orders as (
    select
        order_id,
        customer_id,
        ordered_on,
        net_revenue_before_refunds,
        net_revenue,
        cast(date_trunc('month', ordered_on) as date) as month_start
    from {{ orders }}
    where is_valid
),
first_months as (
    select customer_id, min(month_start) as first_month
    from valid_orders
    group by customer_id
),
ended_losses as (
    select distinct customer_id, cast(date_trunc('month', valid_to) as date) as month_start
    from {{ lifecycle }}
    where basis = 'orders' and state = 'lost' and valid_to is not null
),
placed_orders as (
    select
        valid_orders.order_id,
        valid_orders.customer_id,
        valid_orders.ordered_on,
        valid_orders.month_start,
        valid_orders.net_revenue_before_refunds,
        valid_orders.net_revenue,
        case
            when valid_orders.customer_id is null then 'anonymous'
            when first_months.first_month = valid_orders.month_start then 'new'
            when ended_losses.customer_id is not null then 'resurrected'
            else 'returning'
        end as component
    from valid_orders
    left join first_months on valid_orders.customer_id = first_months.customer_id
    left join ended_losses
        on valid_orders.customer_id = ended_losses.customer_id
        and valid_orders.month_start = ended_losses.month_start
)
{%- endset %}

{% set growth_customers %}
{{ placed_orders }}
select distinct customer_id
from placed_orders
where month_start = cast($period_start as date)
    and component = $component
    and customer_id is not null
{%- endset %}

{% set growth_orders %}
{{ placed_orders }}
select customer_id, order_id, ordered_on
from placed_orders
where month_start = cast($period_start as date)
    and component = $component
{%- endset %}

{% set growth_revenue %}
{{ placed_orders }}
select
    customer_id,
    order_id,
    ordered_on as counted_on,
    case
        when $refund_basis = 'order_basis' then net_revenue
        else net_revenue_before_refunds
    end as amount
from placed_orders
where month_start = cast($period_start as date)
    and component = $component
union all
select
    refunds.customer_id,
    refunds.order_id,
    refunds.refunded_on as counted_on,
    -refunds.net_refund as amount
from {{ refunds }} as refunds
left join placed_orders on refunds.order_id = placed_orders.order_id
where $refund_basis <> 'order_basis'
    and refunds.is_counted
    and cast(date_trunc('month', refunds.refunded_on) as date) = cast($period_start as date)
    and coalesce(placed_orders.component, 'anonymous') = $component
{%- endset %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', 'period_start, component', 'rows', growth_customers,
     'People of the component.'),
    ('orders', 'period_start, component', 'rows', growth_orders,
     'Orders of the component.'),
    ('revenue', 'period_start, component, refund_basis', 'amount', growth_revenue,
     'Orders, and on refund basis refunds, of the component with their money.'),
] %}
with

final as (

    {{ drill_rows('revenue.revenue_growth', drills) }}

)

select * from final
