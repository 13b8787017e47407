-- One row per measure of revenue.discounts: the query that lists who or what stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set orders = 'core' ~ '.orders' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set interactions = 'core' ~ '.interactions' %}

{% set bands %}
first_days as (
    select customer_id, min(valid_from) as first_day
    from {{ dimensions }}
    group by customer_id
),
bands as (
    select
        dimensions.customer_id,
        dimensions.value as tenure_band,
        case
            when dimensions.valid_from >= cast(
                    first_days.first_day + interval '{{ var("long_standing_months") }}' month as date
                )
                then 'long_standing'
            else 'new'
        end as tenure_group,
        dimensions.valid_from,
        dimensions.valid_to
    from {{ dimensions }} as dimensions
    inner join first_days on dimensions.customer_id = first_days.customer_id
    where dimensions.dimension = 'tenure_band'
),
classes as (
    select customer_id, value as value_class, valid_from, valid_to
    from {{ dimensions }}
    where dimension = 'value_class'
)
{%- endset %}

{% set customers %}
with
month as (
    select cast(cast($period_start as date) + interval '1' month as date) as month_end
),
{{ bands }}
select spells.customer_id
from {{ lifecycle }} as spells
cross join month
left join bands
    on spells.customer_id = bands.customer_id
    and bands.valid_from < month.month_end
    and (bands.valid_to is null or bands.valid_to >= month.month_end)
left join classes
    on spells.customer_id = classes.customer_id
    and classes.valid_from < month.month_end
    and (classes.valid_to is null or classes.valid_to >= month.month_end)
where spells.basis = 'any'
    and spells.state <> 'lost'
    and spells.valid_from < month.month_end
    and (spells.valid_to is null or spells.valid_to >= month.month_end)
    and $tenure_band in ('all', coalesce(bands.tenure_band, '(none)'), bands.tenure_group)
    and $value_class in ('all', coalesce(classes.value_class, '(none)'))
{%- endset %}

{% set listed_orders %}
with
{{ bands }}
select
    valid_orders.customer_id,
    valid_orders.order_id,
    valid_orders.ordered_on,
    round(
        cast(valid_orders.discount_amount as decimal(19, 2)) * valid_orders.exchange_rate,
        {{ var('money_decimals') }}
    ) as amount
from {{ orders }} as valid_orders
left join bands
    on valid_orders.customer_id = bands.customer_id
    and valid_orders.ordered_on >= bands.valid_from
    and (bands.valid_to is null or valid_orders.ordered_on < bands.valid_to)
left join classes
    on valid_orders.customer_id = classes.customer_id
    and valid_orders.ordered_on >= classes.valid_from
    and (classes.valid_to is null or valid_orders.ordered_on < classes.valid_to)
where valid_orders.is_valid
    and valid_orders.customer_id is not null
    and cast(date_trunc('month', valid_orders.ordered_on) as date) = cast($period_start as date)
    and $tenure_band in ('all', coalesce(bands.tenure_band, '(none)'), bands.tenure_group)
    and $value_class in ('all', coalesce(classes.value_class, '(none)'))
{%- endset %}

{% set contacts %}
with
{{ bands }}
select contacts.customer_id, contacts.interaction_id, contacts.occurred_on
from {{ interactions }} as contacts
inner join {{ lifecycle }} as spells
    on contacts.customer_id = spells.customer_id
    and spells.basis = 'any'
    and spells.state <> 'lost'
    and contacts.occurred_on >= spells.valid_from
    and (spells.valid_to is null or contacts.occurred_on < spells.valid_to)
inner join bands
    on contacts.customer_id = bands.customer_id
    and contacts.occurred_on >= bands.valid_from
    and (bands.valid_to is null or contacts.occurred_on < bands.valid_to)
left join classes
    on contacts.customer_id = classes.customer_id
    and contacts.occurred_on >= classes.valid_from
    and (classes.valid_to is null or contacts.occurred_on < classes.valid_to)
where cast(date_trunc('month', contacts.occurred_on) as date) = cast($period_start as date)
    and $tenure_band in ('all', bands.tenure_band, bands.tenure_group)
    and $value_class in ('all', coalesce(classes.value_class, '(none)'))
{%- endset %}

{% set cell = 'period_start, tenure_band, value_class' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', cell, 'rows', customers,
     'People not lost at the close of the month.'),
    ('orders', cell, 'rows', listed_orders,
     'Valid orders of people in the month.'),
    ('discount_amount', cell, 'amount', listed_orders,
     'Valid orders of people in the month with their discount.'),
    ('interactions', cell, 'rows', contacts,
     'Calls, visits, chats and the like in the month with people not lost that day.'),
] %}
with

final as (

    {{ drill_rows('revenue.discounts', drills) }}

)

select * from final
