-- One row per measure of retention.onboarding_effect: the query that lists who stands behind a cell
-- (quality.drill_queries holds all of them). Written from the definitions, on tables of core alone,
-- and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set orders = 'core' ~ '.orders' %}
{% set customer_lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set customer_identities = 'core' ~ '.customer_identities' %}
{% set onboarding_completions = 'core' ~ '.onboarding_completions' %}
{% set calendar = 'core' ~ '.calendar' %}

{% set people %}
with
cutoff as (
    select max(day) as cutoff_day
    from {{ calendar }}
    where is_complete
),
observed as (
    select min(completed_on) as observed_from
    from {{ onboarding_completions }}
    where step = $step
),
days as (
    select customer_id, ordered_on as day
    from {{ orders }}
    where is_purchase and customer_id is not null and $measure = 'second_purchase'
    union
    select customer_id, valid_from as day
    from {{ customer_lifecycle }}
    where basis = 'any' and $measure = 'still_customer'
),
firsts as (
    select customer_id, min(day) as first_on
    from days
    group by customer_id
),
people as (
    select
        firsts.customer_id,
        firsts.first_on,
        firsts.first_on + cast($finish_within_days as integer) as step_end,
        firsts.first_on + cast($window_days as integer) as window_end
    from firsts
    cross join observed
    cross join cutoff
    where firsts.first_on >= observed.observed_from
        and firsts.first_on + cast($window_days as integer) <= cutoff.cutoff_day
        and firsts.customer_id in (
            select customer_id from {{ customer_identities }} where rule in ('own', 'merge')
        )
),
bought_again as (
    select people.customer_id, min(days.day) as second_on
    from people
    inner join days on people.customer_id = days.customer_id and days.day > people.first_on
    where $measure = 'second_purchase'
    group by people.customer_id
),
lost as (
    select customer_id, valid_from, coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ customer_lifecycle }}
    where basis = 'any' and state = 'lost' and $measure = 'still_customer'
),
judged as (
    select
        people.customer_id,
        people.first_on,
        exists (
            select 1
            from {{ onboarding_completions }} as completion
            where completion.customer_id = people.customer_id
                and completion.step = $step
                and completion.completed_on <= people.step_end
        ) as has_finished,
        case
            when $measure = 'second_purchase'
                then coalesce(bought_again.second_on <= people.window_end, false)
            else not exists (
                select 1
                from lost
                where lost.customer_id = people.customer_id
                    and lost.valid_from <= people.window_end
                    and lost.valid_to > people.window_end
            )
        end as is_retained
    from people
    left join bought_again on people.customer_id = bought_again.customer_id
    where coalesce(bought_again.second_on > people.step_end, true)
        and not exists (
            select 1
            from lost
            where lost.customer_id = people.customer_id
                and lost.valid_from <= people.step_end
                and lost.valid_to > people.step_end
        )
)
select customer_id, first_on
from judged
{%- endset %}

{% set finished %}
{{ people }}
where has_finished
{%- endset %}

{% set finished_retained %}
{{ finished }}
    and is_retained
{%- endset %}

{% set not_finished %}
{{ people }}
where not has_finished
{%- endset %}

{% set not_finished_retained %}
{{ not_finished }}
    and is_retained
{%- endset %}

{% set key = 'step, window_days, measure, finish_within_days' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('finished', key, 'rows', finished,
     'People who finished the step in its time, with their window over.'),
    ('finished_retained', key, 'rows', finished_retained,
     'Those of them who were retained at the end of the window.'),
    ('not_finished', key, 'rows', not_finished,
     'People who did not finish the step in its time, with their window over.'),
    ('not_finished_retained', key, 'rows', not_finished_retained,
     'Those of them who were retained at the end of the window.'),
] %}
with

final as (

    {{ drill_rows('retention.onboarding_effect', drills) }}

)

select * from final
