-- One row per trait of the first purchase occasion, value and window of days since it: how many of
-- those with this first experience bought again (definitions §3). A trait known only later, such as
-- a complaint, is compared among those who had not yet bought again by then, so that nobody is
-- without a complaint only because they came back at once. Not additive over traits or windows.
{% set known_later = var('first_experience_days') %}
{# trait, column of core.first_experiences, whether it is known only later #}
{% set traits = [
    ('sales_channel', 'sales_channel', false),
    ('employee', 'employee_id', false),
    ('category', 'first_category', false),
    ('discount_band', 'discount_band', false),
    ('complaint', 'complaint', true),
    ('first_response_time', 'first_response_time', true),
    ('refund', 'refund', true),
] %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

windows as (

    select window_days
    from {{ ref('effect_windows') }}
    where mart = 'first_experience'

),

first_experiences as (

    select
        {% for _, column, _ in traits %}
            first_experiences.{{ column }},
        {% endfor %}
        {{ days_between(
            'first_experiences.first_on', 'data_cutoff.cutoff_day'
        ) }} as observed_days,
        {{ days_between(
            'first_experiences.first_on', 'first_experiences.second_on'
        ) }} as second_after_days
    from {{ ref('first_experiences') }} as first_experiences
    cross join data_cutoff

),

-- by the longest window that is over, and the shortest that holds the second occasion: a few counts
-- per value instead of a row per person and window
observed as (

    select
        lengths.observed_days,
        max(windows.window_days) as seen_days
    from (select distinct observed_days from first_experiences) as lengths
    inner join windows
        on lengths.observed_days >= windows.window_days
    group by lengths.observed_days

),

returned as (

    select
        lengths.second_after_days,
        min(windows.window_days) as returned_days
    from (select distinct second_after_days from first_experiences) as lengths
    inner join windows
        on lengths.second_after_days <= windows.window_days
    group by lengths.second_after_days

),

people as (

    select
        {% for _, column, _ in traits %}
            first_experiences.{{ column }},
        {% endfor %}
        first_experiences.observed_days >= {{ known_later }}
        and coalesce(first_experiences.second_after_days > {{ known_later }}, true)
            as is_known_later,
        coalesce(observed.seen_days, 0) as seen_days,
        returned.returned_days
    from first_experiences
    left join observed
        on first_experiences.observed_days = observed.observed_days
    left join returned
        on first_experiences.second_after_days = returned.second_after_days

),

counted as (

    select
        'all' as trait,
        'all' as value,
        0 as known_by_days,
        seen_days,
        returned_days,
        count(*) as people
    from people
    group by
        seen_days,
        returned_days
    {% for trait, column, is_later in traits %}

        union all

        select
            '{{ trait }}' as trait,
            coalesce({{ column }}, '(none)') as value,
            {{ known_later if is_later else 0 }} as known_by_days,
            seen_days,
            returned_days,
            count(*) as people
        from people
        {% if is_later %}
            where is_known_later and {{ column }} is not null
        {% endif %}
        group by
            {{ column }},
            seen_days,
            returned_days
    {% endfor %}

),

summed as (

    select
        counted.trait,
        counted.value,
        windows.window_days,
        counted.known_by_days,
        cast(sum(counted.people) as bigint) as customers,
        cast(
            sum(
                case when counted.seen_days >= windows.window_days then counted.people else 0 end
            ) as bigint
        ) as eligible,
        cast(
            sum(
                case
                    when
                        counted.seen_days >= windows.window_days
                        and counted.returned_days <= windows.window_days
                        then counted.people
                    else 0
                end
            ) as bigint
        ) as repeat_buyers
    from counted
    inner join windows
        on counted.known_by_days < windows.window_days
    group by
        counted.trait,
        counted.value,
        windows.window_days,
        counted.known_by_days

),

final as (

    select
        trait,
        value,
        window_days,
        known_by_days,
        customers,
        eligible,
        repeat_buyers,
        {{ share('repeat_buyers', 'eligible') }} as second_order_rate,
        {{ wilson_low('repeat_buyers', 'eligible') }} as second_order_rate_low,
        {{ wilson_high('repeat_buyers', 'eligible') }} as second_order_rate_high,
        eligible = customers as is_complete,
        eligible < {{ var('small_cell_size') }} as is_small
    from summed

)

select * from final
