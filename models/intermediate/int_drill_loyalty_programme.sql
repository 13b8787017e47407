-- One row per count of voice_of_customer.loyalty_programme that core can tell: the query that lists
-- who or what stands behind a cell (quality.drill_queries holds all of them). Written from the
-- definitions, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set movements = 'core' ~ '.loyalty_movements' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set members %}
with
closes as (
    select max(day) as close_day
    from {{ calendar }}
    where is_complete
        and day < {{ drill_period_end() }}
),
members as (
    select customer_id, min(occurred_on) as joined_on
    from {{ movements }}
    group by customer_id
)
select members.customer_id, members.joined_on
from members
cross join closes
left join {{ dimensions }} as tiers
    on members.customer_id = tiers.customer_id
    and tiers.dimension = 'loyalty_tier'
    and closes.close_day >= tiers.valid_from
    and (tiers.valid_to is null or closes.close_day < tiers.valid_to)
where members.joined_on <= closes.close_day
    and $tier in ('(all)', coalesce(tiers.value, '(none)'))
{%- endset %}

{% set moved %}
with
moved as (
    select movements.event_id, movements.customer_id, movements.occurred_on,
        coalesce(movements.action, '(none)') as action, movements.points
    from {{ movements }} as movements
    left join {{ dimensions }} as tiers
        on movements.customer_id = tiers.customer_id
        and tiers.dimension = 'loyalty_tier'
        and movements.occurred_on >= tiers.valid_from
        and (tiers.valid_to is null or movements.occurred_on < tiers.valid_to)
    where movements.occurred_on < {{ drill_period_end() }}
        and $tier in ('(all)', coalesce(tiers.value, '(none)'))
)
{%- endset %}

{% set in_period %}
where occurred_on >= cast($period_start as date)
    and $action in ('(all)', action)
{%- endset %}

{% set active_members %}
{{ moved }}
select distinct customer_id
from moved
{{ in_period }}
{%- endset %}

{% set points_earned %}
{{ moved }}
select event_id, customer_id, occurred_on, points as amount
from moved
{{ in_period }}
    and action not in ('redeem', 'expire')
{%- endset %}

{% set points_redeemed %}
{{ moved }}
select event_id, customer_id, occurred_on, -points as amount
from moved
{{ in_period }}
    and action = 'redeem'
{%- endset %}

{% set points_expired %}
{{ moved }}
select event_id, customer_id, occurred_on, -points as amount
from moved
{{ in_period }}
    and action = 'expire'
{%- endset %}

{% set points_outstanding %}
{{ moved }}
select event_id, customer_id, occurred_on, points as amount
from moved
{%- endset %}

{% set place = 'grain, period_start, tier' %}
{% set key = 'grain, period_start, action, tier' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('members', place, 'rows', members, 'People who had joined by the close, by their tier then.'),
    ('active_members', key, 'rows', active_members, 'People whose points moved in the period.'),
    ('points_earned', key, 'amount', points_earned,
     'Movements of the period but those redeemed or expired.'),
    ('points_redeemed', key, 'amount', points_redeemed, 'Movements of action redeem.'),
    ('points_expired', key, 'amount', points_expired, 'Movements of action expire.'),
    ('points_outstanding', place, 'amount', points_outstanding,
     'All movements up to the close.'),
] %}
with

final as (

    {{ drill_rows('voice_of_customer.loyalty_programme', drills) }}

)

select * from final
