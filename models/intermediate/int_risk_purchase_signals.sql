-- One row per day of int_risk_days, person and measure of purchases that can be a signal: overdue,
-- fewer_orders, less_spend, returned_lately (definitions §7). Buying less is no risk of loss to who
-- is kept by a subscription in service, and is not looked at there.
{{ config(materialized='view') }}
with

rules as (

    select
        signal,
        window_days,
        baseline_days,
        minimum
    from {{ ref('risk_signal_rules') }}
    where level = 1

),

people as (

    select
        evaluation_on,
        person_number,
        first_day,
        present_from,
        first_occasion_on,
        last_occasion_on,
        recency_days,
        occasions_so_far,
        revenue_so_far,
        lost_after_days,
        is_served
    from {{ ref('int_risk_people') }}

),

occasions as (

    select
        person_number,
        occasion_on,
        next_on,
        occasions_so_far,
        revenue_so_far
    from {{ ref('int_risk_occasions') }}

),

-- a baseline shorter than the window says nothing about the window
measured as (

    select
        people.evaluation_on,
        people.person_number,
        people.first_occasion_on,
        people.occasions_so_far,
        people.revenue_so_far,
        rules.signal,
        rules.window_days,
        rules.minimum,
        {{ add_days('people.evaluation_on', '-rules.window_days') }} as window_from,
        {{ add_days(
            'people.evaluation_on', '-(rules.window_days + rules.baseline_days)'
        ) }} as baseline_from,
        least(
            {{ days_between('people.first_occasion_on', 'people.evaluation_on') }} + 1
            - rules.window_days,
            rules.baseline_days
        ) as baseline_days
    from people
    cross join rules
    where
        rules.signal in ('fewer_orders', 'less_spend')
        and not people.is_served
        and people.occasions_so_far >= rules.minimum

),

compared as (

    select
        measured.evaluation_on,
        measured.person_number,
        measured.signal,
        measured.window_from,
        cast(measured.occasions_so_far - at_window.occasions_so_far as double) as orders,
        cast(at_window.occasions_so_far - coalesce(at_baseline.occasions_so_far, 0) as double)
        * measured.window_days / nullif(cast(measured.baseline_days as double), 0)
            as baseline_orders,
        cast(measured.revenue_so_far - at_window.revenue_so_far as double) as spend,
        cast(at_window.revenue_so_far - coalesce(at_baseline.revenue_so_far, 0) as double)
        * measured.window_days / nullif(cast(measured.baseline_days as double), 0)
            as baseline_spend
    from measured
    inner join occasions as at_window
        on
        measured.person_number = at_window.person_number
        and measured.window_from >= at_window.occasion_on
        and (at_window.next_on is null or measured.window_from < at_window.next_on)
    left join occasions as at_baseline
        on
        measured.person_number = at_baseline.person_number
        and measured.baseline_from >= at_baseline.occasion_on
        and measured.baseline_from < at_baseline.next_on
    where
        measured.baseline_days >= measured.window_days
        and at_window.occasions_so_far - coalesce(at_baseline.occasions_so_far, 0)
        >= measured.minimum

),

final as (

    select
        evaluation_on,
        person_number,
        'overdue' as signal,
        cast(recency_days as double) as value,
        cast(lost_after_days as double) as baseline,
        last_occasion_on as since_on
    from people
    where not is_served and last_occasion_on is not null

    union all

    select
        evaluation_on,
        person_number,
        signal,
        case signal when 'less_spend' then spend else orders end as value,
        case signal when 'less_spend' then baseline_spend else baseline_orders end as baseline,
        {{ add_days('window_from', 1) }} as since_on
    from compared

    union all

    select
        evaluation_on,
        person_number,
        'returned_lately' as signal,
        cast({{ days_between('present_from', 'evaluation_on') }} as double) as value,
        cast({{ var('care_days') }} as double) as baseline,
        present_from as since_on
    from people
    where
        present_from > first_day
        and {{ days_between('present_from', 'evaluation_on') }} < {{ var('care_days') }}

)

select * from final
