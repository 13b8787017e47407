-- One row per onboarding step, window of days since the first order (or paid service) and measure:
-- who was retained of those who finished the step in its time, and of those who did not (§3 of the
-- definitions). Both stood alike on the last day of that time and count by what came after, so that
-- nobody finishes a step by staying long enough. Never causal: no one was assigned a step.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

windows as (

    select window_days
    from {{ ref('effect_windows') }}
    where mart = 'onboarding_effect'

),

step_rules as (

    select
        step,
        finish_within_days
    from {{ ref('onboarding_steps') }}

),

completions as (

    select
        customer_id,
        step,
        completed_on
    from {{ ref('onboarding_completions') }}

),

-- guests have no account in which to finish a step
account_holders as (

    select distinct customer_id
    from {{ ref('customer_identities') }}
    where rule in ('own', 'merge')

),

occasions as (

    select
        customer_id,
        occasion_on as first_on,
        next_occasion_on as second_on
    from {{ ref('int_purchase_occasions') }}
    where occasion_number = 1

),

customer_lifecycle as (

    select
        customer_id,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'

),

-- who came before anybody had finished a step came before the step, or before its deliveries
step_completions as (

    select
        completions.customer_id,
        completions.step,
        completions.completed_on,
        min(completions.completed_on) over (partition by completions.step) as observed_from,
        coalesce(step_rules.finish_within_days, other_rule.finish_within_days)
            as finish_within_days
    from completions
    left join step_rules
        on completions.step = step_rules.step
    left join step_rules as other_rule
        on other_rule.step = '(other)'

),

steps as (

    select distinct
        step,
        observed_from,
        finish_within_days
    from step_completions
    where finish_within_days is not null

),

firsts as (

    select
        customer_lifecycle.customer_id,
        min(customer_lifecycle.valid_from) as first_on
    from customer_lifecycle
    inner join account_holders
        on customer_lifecycle.customer_id = account_holders.customer_id
    group by customer_lifecycle.customer_id

),

lengths as (

    select window_days as days
    from windows

    union distinct

    select finish_within_days as days
    from steps

),

-- the lengths by which somebody had bought again, as ,60,90,: what people with it share
second_marks as (

    select
        gaps.second_after_days,
        ',' || {{ join_text('cast(lengths.days as string)', ',', 'lengths.days') }} || ','
            as marked_days
    from (
        select distinct
            {{ days_between('first_on', 'second_on') }} as second_after_days
        from occasions
    ) as gaps
    inner join lengths
        on gaps.second_after_days <= lengths.days
    group by gaps.second_after_days

),

-- those at whose end somebody was lost
lost_marks as (

    select
        firsts.customer_id,
        ',' || {{ join_text('cast(lengths.days as string)', ',', 'lengths.days') }} || ','
            as marked_days
    from firsts
    cross join lengths
    inner join customer_lifecycle
        on
        firsts.customer_id = customer_lifecycle.customer_id
        and customer_lifecycle.valid_from <= {{ add_days('firsts.first_on', 'lengths.days') }}
        and (
            customer_lifecycle.valid_to is null
            or customer_lifecycle.valid_to > {{ add_days('firsts.first_on', 'lengths.days') }}
        )
    where customer_lifecycle.state = 'lost'
    group by firsts.customer_id

),

people as (

    select
        'second_purchase' as measure,
        occasions.customer_id,
        occasions.first_on,
        coalesce(second_marks.marked_days, '') as marked_days
    from occasions
    inner join account_holders
        on occasions.customer_id = account_holders.customer_id
    left join second_marks
        on
        {{ days_between('occasions.first_on', 'occasions.second_on') }}
        = second_marks.second_after_days

    union all

    select
        'still_customer' as measure,
        firsts.customer_id,
        firsts.first_on,
        coalesce(lost_marks.marked_days, '') as marked_days
    from firsts
    left join lost_marks
        on firsts.customer_id = lost_marks.customer_id

),

-- a few counts per first day instead of a row per person and step
everybody as (

    select
        measure,
        first_on,
        marked_days,
        count(*) as people
    from people
    group by
        measure,
        first_on,
        marked_days

),

candidates as (

    select
        everybody.measure,
        steps.step,
        steps.finish_within_days,
        everybody.first_on,
        everybody.marked_days,
        everybody.people,
        0 as finished
    from everybody
    inner join steps
        on everybody.first_on >= steps.observed_from

    union all

    select
        people.measure,
        step_completions.step,
        step_completions.finish_within_days,
        people.first_on,
        people.marked_days,
        0 as people,
        count(*) as finished
    from people
    inner join step_completions
        on
        people.customer_id = step_completions.customer_id
        and people.first_on >= step_completions.observed_from
        and step_completions.completed_on
        <= {{ add_days('people.first_on', 'step_completions.finish_within_days') }}
    group by
        people.measure,
        step_completions.step,
        step_completions.finish_within_days,
        people.first_on,
        people.marked_days

),

-- on the last day for the step still customers, or not yet second buyers
at_start as (

    select
        candidates.measure,
        candidates.step,
        candidates.finish_within_days,
        windows.window_days,
        candidates.people,
        candidates.finished,
        (candidates.measure = 'second_purchase') = contains(
            candidates.marked_days, ',' || cast(windows.window_days as string) || ','
        ) as is_retained
    from candidates
    cross join data_cutoff
    inner join windows
        on
        candidates.finish_within_days < windows.window_days
        and data_cutoff.cutoff_day >= {{ add_days('candidates.first_on', 'windows.window_days') }}
    where
        not contains(
            candidates.marked_days, ',' || cast(candidates.finish_within_days as string) || ','
        )

),

groups as (

    select
        step,
        window_days,
        measure,
        finish_within_days,
        cast(sum(finished) as bigint) as finished,
        cast(sum(case when is_retained then finished else 0 end) as bigint) as finished_retained,
        cast(sum(people) - sum(finished) as bigint) as not_finished,
        cast(sum(case when is_retained then people - finished else 0 end) as bigint)
            as not_finished_retained
    from at_start
    group by
        step,
        window_days,
        measure,
        finish_within_days

),

final as (

    select
        step,
        window_days,
        measure,
        case when measure = 'second_purchase' then 'orders' else 'any' end as basis,
        finish_within_days,
        finished,
        finished_retained,
        not_finished,
        not_finished_retained,
        {{ share('finished_retained', 'finished') }} as finished_retention_rate,
        {{ share('not_finished_retained', 'not_finished') }} as not_finished_retention_rate,
        {{ share('finished_retained', 'finished') }}
        - {{ share('not_finished_retained', 'not_finished') }} as difference,
        {{ difference_low(
            'finished_retained', 'finished', 'not_finished_retained', 'not_finished'
        ) }} as difference_low,
        {{ difference_high(
            'finished_retained', 'finished', 'not_finished_retained', 'not_finished'
        ) }} as difference_high,
        'not causal' as comparison,
        least(finished, not_finished) < {{ var('small_cell_size') }} as is_small
    from groups

)

select * from final
