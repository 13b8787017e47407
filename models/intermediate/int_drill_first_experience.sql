-- One row per measure of retention.first_experience: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them). When people bought is read from the orders, and not
-- from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders = 'core' ~ '.orders' %}
{% set first_experiences = 'core' ~ '.first_experiences' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set customers %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
days as (
    select distinct customer_id, ordered_on
    from {{ orders }}
    where is_purchase and customer_id is not null
),
firsts as (
    select customer_id, min(ordered_on) as first_on
    from days
    group by customer_id
),
seconds as (
    select days.customer_id, min(days.ordered_on) as second_on
    from days
    inner join firsts on days.customer_id = firsts.customer_id and days.ordered_on > firsts.first_on
    group by days.customer_id
),
people as (
    select
        firsts.customer_id,
        firsts.first_on,
        seconds.second_on,
        firsts.first_on + cast($known_by_days as integer) as known_on,
        firsts.first_on + cast($window_days as integer) as window_end,
        case $trait
            when 'all' then 'all'
            when 'sales_channel' then coalesce(experience.sales_channel, '(none)')
            when 'employee' then coalesce(experience.employee_id, '(none)')
            when 'category' then coalesce(experience.first_category, '(none)')
            when 'discount_band' then experience.discount_band
            when 'complaint' then experience.complaint
            when 'first_response_time' then experience.first_response_time
            when 'refund' then experience.refund
        end as value,
        cutoff.cutoff_day
    from firsts
    cross join cutoff
    inner join {{ first_experiences }} as experience on firsts.customer_id = experience.customer_id
    left join seconds on firsts.customer_id = seconds.customer_id
)
select customer_id, first_on, second_on
from people
where value = $value
    and known_on <= cutoff_day
    and (second_on is null or second_on > known_on)
{%- endset %}

{% set eligible %}
{{ customers }}
    and window_end <= cutoff_day
{%- endset %}

{% set repeat_buyers %}
{{ eligible }}
    and second_on <= window_end
{%- endset %}

{% set key = 'trait, value, window_days, known_by_days' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers', key, 'rows', customers,
     'People with this first experience who had not bought again by the day it was known.'),
    ('eligible', key, 'rows', eligible,
     'Those of them for whom the window was over by the cutoff.'),
    ('repeat_buyers', key, 'rows', repeat_buyers,
     'Eligible people who bought again within the window.'),
] %}
with

final as (

    {{ drill_rows('retention.first_experience', drills) }}

)

select * from final
