-- One row per measure of retention.cohort_retention: the query that lists who or what stands
-- behind a cell (quality.drill_queries holds all of them). Written from the definitions, on tables
-- of core alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set orders = 'core' ~ '.orders' %}
{% set subscription_periods = 'core' ~ '.subscription_periods' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set members %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
cohort as (
    select
        cast($cohort_start as date) as cohort_start,
        {{ drill_period_end('cohort_start') }} as cohort_end
),
first_days as (
    select customer_id, min(valid_from) as first_day
    from {{ lifecycle }}
    where basis = $basis
    group by customer_id
),
members as (
    select first_days.customer_id, first_days.first_day, cohort.cohort_start, cohort.cohort_end
    from first_days
    cross join cohort
    inner join {{ dimensions }} as dimensions
        on first_days.customer_id = dimensions.customer_id
    where first_days.first_day >= cohort.cohort_start
        and first_days.first_day < cohort.cohort_end
        and dimensions.dimension = $dimension
        and dimensions.value = $value
        and dimensions.valid_from <= first_days.first_day
        and (dimensions.valid_to is null or dimensions.valid_to > first_days.first_day)
)
{%- endset %}

{% set windows %}
{{ members }},
windows as (
    select
        members.customer_id,
        members.first_day,
        members.cohort_start,
        members.cohort_end,
        cutoff.cutoff_day,
        case
            when $window_kind = 'calendar' then cast($period_start as date)
            else members.first_day + cast($days_from as integer)
        end as window_start,
        case
            when $window_kind = 'calendar' then
        {{ drill_period_end() }}
            else members.first_day + cast($days_to as integer)
        end as window_end
    from members
    cross join cutoff
),
counted as (
    select
        customer_id,
        first_day,
        cohort_start,
        cohort_end,
        cutoff_day,
        window_start,
        window_end,
        least(window_end - 1, cutoff_day) as close_day
    from windows
    where $window_kind = 'calendar' or window_end - 1 <= cutoff_day
)
{%- endset %}

{% set activity %}
{{ windows }},
purchases as (
    select distinct customer_id, ordered_on
    from {{ orders }}
    where is_purchase and customer_id is not null
),
services as (
    select customer_id, valid_from, valid_to
    from {{ lifecycle }}
    where basis = 'subscriptions' and state not in ('lost', 'paused')
)
{%- endset %}

{% set cohort_size %}
{{ members }}
select customer_id, first_day
from members
{%- endset %}

{% set eligible %}
{{ windows }}
select customer_id, first_day
from windows
where window_end - 1 <= cutoff_day
{%- endset %}

{% set in_period %}
{{ activity }}
select customer_id, first_day
from counted
where (
        $basis <> 'subscriptions'
        and exists (
            select 1
            from purchases
            where purchases.customer_id = counted.customer_id
                and purchases.ordered_on >= counted.window_start
                and purchases.ordered_on < counted.window_end
        )
    )
    or (
        $basis <> 'orders'
        and exists (
            select 1
            from services
            where services.customer_id = counted.customer_id
                and services.valid_from <= counted.close_day
                and (services.valid_to is null or services.valid_to > counted.close_day)
        )
    )
{%- endset %}

{% set on_or_after %}
{{ activity }},
period_ends as (
    select max(day) as close_day
    from {{ calendar }}
    where is_complete
    group by
        case $grain
            when 'week' then week_start
            when 'month' then month_start
            when 'quarter' then quarter_start
            else year_start
        end
),
closes as (
    select counted.customer_id, period_ends.close_day
    from counted
    inner join period_ends on counted.close_day <= period_ends.close_day
    where $window_kind = 'calendar'
    union all
    select counted.customer_id, calendar.day as close_day
    from counted
    inner join {{ calendar }} as calendar
        on counted.close_day <= calendar.day and counted.cutoff_day >= calendar.day
    where $window_kind <> 'calendar'
        and (
            calendar.day = counted.cutoff_day
            or ({{ days_between('counted.first_day', 'calendar.day') }} + 1) % 30 = 0
        )
)
select customer_id, first_day
from counted
where (
        $basis <> 'subscriptions'
        and exists (
            select 1
            from purchases
            where purchases.customer_id = counted.customer_id
                and purchases.ordered_on >= counted.window_start
        )
    )
    or (
        $basis <> 'orders'
        and exists (
            select 1
            from services
            inner join closes on services.customer_id = closes.customer_id
            where services.customer_id = counted.customer_id
                and services.valid_from <= closes.close_day
                and (services.valid_to is null or services.valid_to > closes.close_day)
        )
    )
{%- endset %}

{% set repeat_by %}
{{ activity }}
select counted.customer_id, counted.first_day
from counted
inner join purchases
    on counted.customer_id = purchases.customer_id
    and counted.window_end > purchases.ordered_on
where $basis <> 'subscriptions'
group by counted.customer_id, counted.first_day
having count(*) >= 2
{%- endset %}

{% set revenue %}
{{ windows }}
select counted.customer_id, sum(orders.net_revenue) as amount
from counted
inner join {{ orders }} as orders
    on counted.customer_id = orders.customer_id
    and counted.window_start <= orders.ordered_on
    and counted.window_end > orders.ordered_on
    and counted.first_day <= orders.ordered_on
where orders.is_valid
group by counted.customer_id
{%- endset %}

{% set revenue_denominator %}
{{ windows }}
select counted.customer_id, sum(orders.net_revenue) as amount
from counted
inner join {{ orders }} as orders
    on counted.customer_id = orders.customer_id
    and counted.first_day <= orders.ordered_on
where orders.is_valid
    and (
        ($window_kind = 'calendar' and orders.ordered_on < counted.cohort_end)
        or ($window_kind <> 'calendar' and orders.ordered_on < counted.first_day + 30)
    )
group by counted.customer_id
{%- endset %}

{% set mrr %}
{{ windows }}
select counted.customer_id, sum(periods.mrr) as amount
from counted
inner join {{ subscription_periods }} as periods
    on counted.customer_id = periods.customer_id
    and counted.close_day >= periods.starts_on
    and (periods.ends_on is null or counted.close_day < periods.ends_on)
where periods.is_paid
group by counted.customer_id
{%- endset %}

{% set mrr_denominator %}
{{ windows }},
paid as (
    select
        customer_id,
        starts_on,
        mrr,
        min(starts_on) over (partition by customer_id) as first_service_on
    from {{ subscription_periods }}
    where is_paid
        and (ends_on is null or ends_on > starts_on)
)
select counted.customer_id, sum(paid.mrr) as amount
from counted
inner join paid
    on counted.customer_id = paid.customer_id
    and paid.starts_on = paid.first_service_on
group by counted.customer_id
{%- endset %}

{% set cohort_key = 'grain, cohort_start, basis, dimension, value' %}
{% set cell_key = cohort_key ~ ', window_kind, period_start, days_from, days_to' %}

{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('cohort_size', cohort_key, 'rows', cohort_size,
     'Members of the cohort.'),
    ('eligible', cell_key, 'rows', eligible,
     'Members whose age is complete.'),
    ('in_period', cell_key, 'rows', in_period,
     'Members who bought in the age or are in service at its close.'),
    ('bracket', cell_key, 'rows', in_period,
     'Members who bought in the day range or are in service on its last day.'),
    ('on_or_after', cell_key, 'rows', on_or_after,
     'Members active in the age or later.'),
    ('repeat_by', cell_key, 'rows', repeat_by,
     'Members with a second purchase occasion by the end of the age.'),
    ('revenue', cell_key, 'amount', revenue,
     'Members with their net revenue in the age.'),
    ('revenue_denominator', cell_key, 'amount', revenue_denominator,
     'Members with their net revenue at age 0.'),
    ('mrr', cell_key, 'amount', mrr,
     'Members with their MRR at the close of the age.'),
    ('mrr_denominator', cell_key, 'amount', mrr_denominator,
     'Members with their first MRR above 0.'),
] %}
with

final as (

    {{ drill_rows('retention.cohort_retention', drills) }}

)

select * from final
