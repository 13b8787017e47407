-- One row per measure of voice_of_customer.product_experience: the query that lists who stands
-- behind a cell (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders = 'core' ~ '.orders' %}
{% set items = 'core' ~ '.order_items' %}
{% set complaints = 'core' ~ '.customer_complaints' %}
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set bought %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
bought as (
    select distinct orders.customer_id, orders.order_id, orders.ordered_on, items.product_id,
        coalesce(items.category, '(none)') as category, orders.net_refunds > 0 as is_refunded
    from {{ orders }} as orders
    inner join {{ items }} as items on orders.order_id = items.order_id
    where orders.is_purchase
        and orders.customer_id is not null
        and items.product_id is not null
        and items.quantity > 0
        and items.is_good_or_service
        and orders.ordered_on >= cast($period_start as date)
        and orders.ordered_on < {{ drill_period_end() }}
),
buyers as (
    select customer_id, max(ordered_on) as last_on, bool_or(is_refunded) as is_refunded
    from bought
    where product_id = $product_id
    group by customer_id
),
others as (
    select bought.customer_id, max(bought.ordered_on) as last_on
    from bought
    where bought.category = (select max(category) from bought where product_id = $product_id)
        and bought.customer_id not in (select customer_id from buyers)
    group by bought.customer_id
)
{%- endset %}

{% set buyers %}
{{ bought }}
select customer_id, last_on
from buyers
{%- endset %}

{% set refunded %}
{{ buyers }}
where is_refunded
{%- endset %}

{% set complained %}
{{ bought }}
select bought.customer_id, min(complaints.opened_on) as complained_on
from bought
inner join {{ complaints }} as complaints
    on (
        bought.order_id = complaints.order_id
        and coalesce(complaints.product_id, $product_id) = $product_id
    )
    or (
        complaints.order_id is null
        and bought.customer_id = complaints.customer_id
        and complaints.product_id = $product_id
    )
inner join buyers on bought.customer_id = buyers.customer_id
cross join cutoff
where bought.product_id = $product_id
    and buyers.last_on + cast($window_days as integer) <= cutoff.cutoff_day
    and complaints.opened_on >= bought.ordered_on
    and complaints.opened_on <= bought.ordered_on + cast($window_days as integer)
group by bought.customer_id
{%- endset %}

{% set eligible %}
{{ bought }}
select buyers.customer_id, buyers.last_on
from buyers
cross join cutoff
where buyers.last_on + cast($window_days as integer) <= cutoff.cutoff_day
{%- endset %}

{% set is_lost %}
    and exists (
        select 1
        from {{ lifecycle }} as lifecycle
        where lifecycle.customer_id = buyers.customer_id
            and lifecycle.basis = 'orders'
            and lifecycle.state = 'lost'
            and lifecycle.valid_from > buyers.last_on
            and lifecycle.valid_from <= buyers.last_on + cast($window_days as integer)
    )
{%- endset %}

{% set other_eligible %}
{{ bought }}
select buyers.customer_id, buyers.last_on
from others as buyers
cross join cutoff
where buyers.last_on + cast($window_days as integer) <= cutoff.cutoff_day
{%- endset %}

{% set place = 'grain, period_start, product_id' %}
{% set key = 'grain, period_start, product_id, window_days' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('buyers', place, 'rows', buyers, 'People who bought it in the period.'),
    ('refunded', place, 'rows', refunded, 'Those with a refund on such an order.'),
    ('complained', key, 'rows', complained, 'Eligible buyers who complained within the window.'),
    ('eligible', key, 'rows', eligible, 'Buyers whose window was over by the cutoff.'),
    ('lost', key, 'rows', eligible ~ is_lost, 'Eligible buyers lost within it.'),
    ('other_eligible', key, 'rows', other_eligible,
     'Buyers of other products of the category alone whose window was over.'),
    ('other_lost', key, 'rows', other_eligible ~ is_lost, 'Those of them lost within it.'),
] %}
with

final as (

    {{ drill_rows('voice_of_customer.product_experience', drills) }}

)

select * from final
