-- One row per mart and measure: the query that lists who or what stands behind a cell. A reader
-- binds its named parameters to the cell's own columns. Written from the definitions, on tables of
-- core alone, and not from the marts' models: that both agree is a proof of either.

{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set orders = 'core' ~ '.orders' %}
{% set refunds = 'core' ~ '.refunds' %}
{% set subscription_periods = 'core' ~ '.subscription_periods' %}
{% set calendar = 'core' ~ '.calendar' %}

{# --- retention.retention_rates ------------------------------------------------------------- #}

{% set after_period %}
        case $grain
            when 'week' then cast(cast($period_start as date) + interval '7' day as date)
            when 'month' then cast(cast($period_start as date) + interval '1' month as date)
            when 'quarter' then cast(cast($period_start as date) + interval '3' month as date)
            else cast(cast($period_start as date) + interval '1' year as date)
        end
{%- endset %}

{% set presence %}
with
period as (
    select
        cast($period_start as date) as period_start,
{{ after_period }} as period_end
),
at_open as (
    select lifecycle.customer_id, lifecycle.state, lifecycle.valid_from as since, dimensions.value
    from {{ lifecycle }} as lifecycle
    inner join {{ dimensions }} as dimensions
        on lifecycle.customer_id = dimensions.customer_id
    cross join period
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from < period.period_start
        and (lifecycle.valid_to is null or lifecycle.valid_to >= period.period_start)
        and dimensions.dimension = $dimension
        and dimensions.valid_from < period.period_start
        and (dimensions.valid_to is null or dimensions.valid_to >= period.period_start)
),
at_close as (
    select lifecycle.customer_id, lifecycle.state, lifecycle.valid_from as since, dimensions.value
    from {{ lifecycle }} as lifecycle
    inner join {{ dimensions }} as dimensions
        on lifecycle.customer_id = dimensions.customer_id
    cross join period
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from < period.period_end
        and (lifecycle.valid_to is null or lifecycle.valid_to >= period.period_end)
        and dimensions.dimension = $dimension
        and dimensions.valid_from < period.period_end
        and (dimensions.valid_to is null or dimensions.valid_to >= period.period_end)
),
first_days as (
    select customer_id, min(valid_from) as first_day
    from {{ lifecycle }}
    where basis = $basis
    group by customer_id
)
{%- endset %}

{% set opening %}
{{ presence }}
select customer_id, state, since
from at_open
where value = $value
{%- endset %}

{% set closing %}
{{ presence }}
select customer_id, state, since
from at_close
where value = $value
{%- endset %}

{% set new %}
{{ presence }}
select at_close.customer_id, first_days.first_day
from at_close
inner join first_days on at_close.customer_id = first_days.customer_id
cross join period
left join at_open on at_close.customer_id = at_open.customer_id
where at_close.value = $value
    and at_open.customer_id is null
    and first_days.first_day >= period.period_start
{%- endset %}

{% set returned %}
{{ presence }}
select at_close.customer_id, at_close.state, at_close.since
from at_close
inner join first_days on at_close.customer_id = first_days.customer_id
cross join period
left join at_open on at_close.customer_id = at_open.customer_id
where at_close.value = $value
    and at_open.customer_id is null
    and first_days.first_day < period.period_start
{%- endset %}

{% set lost %}
{{ presence }}
select at_open.customer_id, at_open.state as state_at_open, at_open.since
from at_open
left join at_close on at_open.customer_id = at_close.customer_id
where at_open.value = $value
    and at_close.customer_id is null
{%- endset %}

{% set moved_in %}
{{ presence }}
select at_close.customer_id, at_open.value as came_from
from at_close
inner join at_open on at_close.customer_id = at_open.customer_id
where at_close.value = $value
    and at_open.value <> $value
{%- endset %}

{% set moved_out %}
{{ presence }}
select at_open.customer_id, at_close.value as went_to
from at_open
inner join at_close on at_open.customer_id = at_close.customer_id
where at_open.value = $value
    and at_close.value <> $value
{%- endset %}

{% set intra_period_lapse %}
{{ presence }}
select at_open.customer_id, min(lifecycle.valid_from) as lost_on
from at_open
inner join at_close on at_open.customer_id = at_close.customer_id
cross join period
inner join {{ lifecycle }} as lifecycle
    on at_open.customer_id = lifecycle.customer_id
where at_open.value = $value
    and lifecycle.basis = $basis
    and lifecycle.state = 'lost'
    and lifecycle.valid_from >= period.period_start
    and lifecycle.valid_from < period.period_end
group by at_open.customer_id
{%- endset %}

{% set transient %}
{{ presence }},
entries as (
    select lifecycle.customer_id, min(lifecycle.valid_from) as came_on
    from {{ lifecycle }} as lifecycle
    cross join period
    left join at_open on lifecycle.customer_id = at_open.customer_id
    left join at_close on lifecycle.customer_id = at_close.customer_id
    where lifecycle.basis = $basis
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from >= period.period_start
        and lifecycle.valid_from < period.period_end
        and at_open.customer_id is null
        and at_close.customer_id is null
    group by lifecycle.customer_id
)
select entries.customer_id, entries.came_on
from entries
inner join {{ dimensions }} as dimensions
    on entries.customer_id = dimensions.customer_id
where dimensions.dimension = $dimension
    and dimensions.value = $value
    and dimensions.valid_from <= entries.came_on
    and (dimensions.valid_to is null or dimensions.valid_to > entries.came_on)
{%- endset %}

{# --- retention.cohort_retention ------------------------------------------------------------ #}

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
{{ after_period | replace('$period_start', '$cohort_start') }} as cohort_end
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
{{ after_period }}
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

{# --- retention.lapse_curve ----------------------------------------------------------------- #}

{% set gaps %}
with
month as (
    select cast(cast($as_of_month as date) + interval '1' month as date) - 1 as month_end
),
occasions as (
    select distinct customer_id, ordered_on
    from {{ orders }}
    where is_purchase and customer_id is not null
),
neighbours as (
    select
        customer_id,
        ordered_on as started_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on nulls first) as next_on
    from occasions
),
gaps as (
    select
        neighbours.customer_id,
        neighbours.started_on,
        case when neighbours.next_on <= month.month_end then neighbours.next_on end as ended_on,
        {{ days_between(
            'neighbours.started_on',
            'least(coalesce(neighbours.next_on, month.month_end), month.month_end)'
        ) }} as length_days
    from neighbours
    cross join month
    where neighbours.started_on <= month.month_end
)
select customer_id, started_on, ended_on, length_days
from gaps
{%- endset %}

{% set gaps_at_risk %}
{{ gaps }}
where length_days >= $day
{%- endset %}

{% set gaps_completed %}
{{ gaps }}
where length_days = $day and ended_on is not null
{%- endset %}

{% set gaps_censored %}
{{ gaps }}
where length_days = $day and ended_on is null
{%- endset %}

{% set gaps_completed_in_all %}
{{ gaps }}
where ended_on is not null
{%- endset %}

{# --- revenue.revenue_growth ---------------------------------------------------------------- #}

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

{% set rates_key = 'grain, period_start, basis, dimension, value' %}
{% set cohort_key = 'grain, cohort_start, basis, dimension, value' %}
{% set cell_key = cohort_key ~ ', window_kind, period_start, days_from, days_to' %}
{% set rates = 'retention.retention_rates' %}
{% set cohorts = 'retention.cohort_retention' %}
{% set curve = 'retention.lapse_curve' %}
{% set growth = 'revenue.revenue_growth' %}

{# mart, measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    (rates, 'opening', rates_key, 'rows', opening,
     'People there at open.'),
    (rates, 'new', rates_key, 'rows', new,
     'People at close, not at open, whose first spell starts in the period.'),
    (rates, 'returned', rates_key, 'rows', returned,
     'Other people at close and not at open.'),
    (rates, 'lost', rates_key, 'rows', lost,
     'People at open and not at close.'),
    (rates, 'transient', rates_key, 'rows', transient,
     'People who came and went inside the period.'),
    (rates, 'intra_period_lapse', rates_key, 'rows', intra_period_lapse,
     'People at both ends with a lost spell inside.'),
    (rates, 'moved_in', rates_key, 'rows', moved_in,
     'People at both ends who came to the value.'),
    (rates, 'moved_out', rates_key, 'rows', moved_out,
     'People at both ends who left the value.'),
    (rates, 'closing', rates_key, 'rows', closing,
     'People there at close.'),
    (cohorts, 'cohort_size', cohort_key, 'rows', cohort_size,
     'Members of the cohort.'),
    (cohorts, 'eligible', cell_key, 'rows', eligible,
     'Members whose age is complete.'),
    (cohorts, 'in_period', cell_key, 'rows', in_period,
     'Members who bought in the age or are in service at its close.'),
    (cohorts, 'bracket', cell_key, 'rows', in_period,
     'Members who bought in the day range or are in service on its last day.'),
    (cohorts, 'on_or_after', cell_key, 'rows', on_or_after,
     'Members active in the age or later.'),
    (cohorts, 'repeat_by', cell_key, 'rows', repeat_by,
     'Members with a second purchase occasion by the end of the age.'),
    (cohorts, 'revenue', cell_key, 'amount', revenue,
     'Members with their net revenue in the age.'),
    (cohorts, 'revenue_denominator', cell_key, 'amount', revenue_denominator,
     'Members with their net revenue at age 0.'),
    (cohorts, 'mrr', cell_key, 'amount', mrr,
     'Members with their MRR at the close of the age.'),
    (cohorts, 'mrr_denominator', cell_key, 'amount', mrr_denominator,
     'Members with their first MRR above 0.'),
    (curve, 'at_risk', 'as_of_month, day', 'rows', gaps_at_risk,
     'Gaps between purchase occasions that lasted at least this long.'),
    (curve, 'completed', 'as_of_month, day', 'rows', gaps_completed,
     'Gaps that ended with a purchase on this day.'),
    (curve, 'censored', 'as_of_month, day', 'rows', gaps_censored,
     'Gaps that were this long and open at the end of the month.'),
    (curve, 'completed_gaps', 'as_of_month', 'rows', gaps_completed_in_all,
     'Gaps completed in all.'),
    (growth, 'customers', 'period_start, component', 'rows', growth_customers,
     'People of the component.'),
    (growth, 'orders', 'period_start, component', 'rows', growth_orders,
     'Orders of the component.'),
    (growth, 'revenue', 'period_start, component, refund_basis', 'amount', growth_revenue,
     'Orders, and on refund basis refunds, of the component with their money.'),
] %}
with

final as (

    {% for mart, measure, parameters, adds_up_by, query, description in drills %}
    {% set text = query | trim | replace("'", "''") %}
    select
        '{{ mart }}' as mart,
        '{{ measure }}' as measure,
        '{{ description }}' as description,
        '{{ parameters }}' as parameters,
        '{{ adds_up_by }}' as adds_up_by,
        '{{ text }}' as query
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
