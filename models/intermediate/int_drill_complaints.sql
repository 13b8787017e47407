-- One row per measure of voice_of_customer.complaints: the query that lists what stands behind a
-- cell (quality.drill_queries holds all of them), on tables of core alone.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set complaints = 'core' ~ '.customer_complaints' %}
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set calendar = 'core' ~ '.calendar' %}
{% set solved_days = var('complaint_solved_days') %}
{% set loss_days = var('complaint_loss_days') %}

{% set opened %}
select complaint_id, customer_id, category, opened_on, first_response_at, resolved_at, reopened_at
from {{ complaints }}
where opened_on >= cast($period_start as date)
    and opened_on < {{ drill_period_end() }}
    and ($category = '(all)' or coalesce(category, '(none)') = $category)
{%- endset %}

{% set complainers %}
select customer_id, count(*) as complaints, min(opened_on) as first_on
from {{ complaints }}
where opened_on >= cast($period_start as date)
    and opened_on < {{ drill_period_end() }}
    and ($category = '(all)' or coalesce(category, '(none)') = $category)
group by customer_id
{%- endset %}

{% set followed %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
opened as (
    {{ opened | replace('reopened_at\n', 'reopened_at, resolved_on, reopened_on, is_undated\n') }}
),
customers as (
    select opened.complaint_id, opened.customer_id, opened.opened_on,
        opened.opened_on + {{ solved_days }} as judged_on,
        opened.is_undated or (
            opened.resolved_on is not null
            and opened.resolved_on <= opened.opened_on + {{ solved_days }}
            and not coalesce(
                opened.reopened_at >= opened.resolved_at
                    and opened.reopened_on <= opened.opened_on + {{ solved_days }},
                false
            )
        ) as is_solved
    from opened
    cross join cutoff
    inner join {{ lifecycle }} as lifecycle on opened.customer_id = lifecycle.customer_id
    where lifecycle.basis = 'any'
        and lifecycle.state <> 'lost'
        and lifecycle.valid_from <= opened.opened_on
        and (lifecycle.valid_to is null or lifecycle.valid_to > opened.opened_on)
        and opened.opened_on + {{ solved_days + loss_days }} <= cutoff.cutoff_day
),
followed as (
    select customers.complaint_id, customers.customer_id, customers.opened_on,
        customers.judged_on, customers.is_solved, min(lifecycle.valid_from) as lost_on
    from customers
    left join {{ lifecycle }} as lifecycle
        on customers.customer_id = lifecycle.customer_id
        and lifecycle.basis = 'any'
        and lifecycle.state = 'lost'
        and lifecycle.valid_from > customers.opened_on
        and lifecycle.valid_from <= customers.judged_on + {{ loss_days }}
    group by all
)
select complaint_id, customer_id, opened_on, judged_on, is_solved, lost_on
from followed
{%- endset %}

{% set without %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
closes as (
    select distinct cast(date_trunc('month', calendar.day) as date) as month_start,
        cast(date_trunc('month', calendar.day) as date) + interval '1' month as month_end
    from {{ calendar }} as calendar
    cross join cutoff
    where calendar.day >= cast($period_start as date)
        and calendar.day < {{ drill_period_end() }}
        and cast(date_trunc('month', calendar.day) as date) + interval '1' month
            + interval '{{ loss_days }}' day <= cutoff.cutoff_day + 1
),
standing as (
    select closes.month_start, closes.month_end, lifecycle.customer_id
    from closes
    inner join {{ lifecycle }} as lifecycle
        on lifecycle.valid_from < closes.month_end
        and (lifecycle.valid_to is null or lifecycle.valid_to >= closes.month_end)
    where lifecycle.basis = 'any'
        and lifecycle.state <> 'lost'
        and not exists (
            select 1
            from {{ complaints }} as complaints
            where complaints.customer_id = lifecycle.customer_id
                and complaints.opened_on >= closes.month_start
                and complaints.opened_on < closes.month_end
        )
)
{%- endset %}

{% set without_complaint %}
{{ without }}
select customer_id, month_end
from standing
group by customer_id, month_end
{%- endset %}

{% set without_complaint_lost %}
{{ without }}
select standing.customer_id, standing.month_end, min(lifecycle.valid_from) as lost_on
from standing
inner join {{ lifecycle }} as lifecycle on standing.customer_id = lifecycle.customer_id
where lifecycle.basis = 'any'
    and lifecycle.state = 'lost'
    and lifecycle.valid_from >= standing.month_end
    and lifecycle.valid_from < standing.month_end + interval '{{ loss_days }}' day
group by standing.customer_id, standing.month_end
{%- endset %}

{% set key = 'grain, period_start, category' %}
{% set place = 'grain, period_start' %}
{% set early = 'lost_on <= judged_on' %}
{% set later = 'coalesce(lost_on > judged_on, true)' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('complaints', key, 'rows', opened, 'Complaints opened in the period.'),
    ('complainers', key, 'rows', complainers, 'People who opened them.'),
    ('answered', key, 'rows', opened ~ '\n    and first_response_at is not null',
     'Those answered.'),
    ('resolved', key, 'rows', opened ~ "\n    and status = 'resolved'", 'Those resolved.'),
    ('ever_resolved', key, 'rows',
     opened ~ '\n    and (resolved_at is not null or reopened_at is not null or is_undated)',
     'Those resolved at some time.'),
    ('reopened', key, 'rows', opened ~ '\n    and reopened_at is not null',
     'Those opened again at some time.'),
    ('unresolved', key, 'rows', opened ~ "\n    and status <> 'resolved'", 'Those open.'),
    ('followed', key, 'rows', followed, 'Complaints of customers that could be followed.'),
    ('lost_early', key, 'rows', followed ~ '\nwhere ' ~ early,
     'Those followed by a loss before the days for a solution were over.'),
    ('solved', key, 'rows', followed ~ '\nwhere is_solved and ' ~ later,
     'Others that were solved by then.'),
    ('solved_lost', key, 'rows', followed ~ '\nwhere is_solved and lost_on > judged_on',
     'Those of them followed by a loss.'),
    ('unsolved', key, 'rows', followed ~ '\nwhere not is_solved and ' ~ later,
     'Others that were not.'),
    ('unsolved_lost', key, 'rows', followed ~ '\nwhere not is_solved and lost_on > judged_on',
     'Those of them followed by a loss.'),
    ('without_complaint', place, 'rows', without_complaint,
     'People at the closes of its months who had not complained in the month.'),
    ('without_complaint_lost', place, 'rows', without_complaint_lost,
     'Those of them lost afterwards.'),
] %}
with

final as (

    {{ drill_rows('voice_of_customer.complaints', drills) }}

)

select * from final
