-- What is retained or lost is a part of its group, a difference lies within its interval, and the
-- interval within -1 and 1, -2 and 2 for a difference in differences; an unfinished window has no
-- rates, onboarding is never causal (definitions §3, onboarding_effect, change_effect).
with

onboarding_effect as (

    select
        step,
        window_days,
        measure,
        finish_within_days,
        finished,
        finished_retained,
        not_finished,
        not_finished_retained,
        difference,
        difference_low,
        difference_high,
        comparison
    from {{ ref('onboarding_effect') }}

),

change_effect as (

    select
        change_id,
        window_days,
        basis,
        comparison,
        opening_before,
        lost_before,
        opening_after,
        lost_after,
        untouched_opening_before,
        untouched_lost_before,
        untouched_opening_after,
        untouched_lost_after,
        churn_rate_after,
        difference,
        difference_low,
        difference_high,
        is_complete
    from {{ ref('change_effect') }}

),

findings as (

    select
        step || ' ' || measure as effect,
        window_days
    from onboarding_effect
    where
        finish_within_days >= window_days
        or finished_retained > finished
        or not_finished_retained > not_finished
        or least(finished_retained, not_finished_retained) < 0
        or difference < difference_low - 1e-12
        or difference > difference_high + 1e-12
        or difference_low < -1 - 1e-12
        or difference_high > 1 + 1e-12
        or (difference is null) <> (least(finished, not_finished) = 0)
        or (difference is null) <> (difference_low is null or difference_high is null)
        or comparison <> 'not causal'

    union all

    select
        change_id || ' ' || basis as effect,
        window_days
    from change_effect
    where
        lost_before > opening_before
        or lost_after > opening_after
        or untouched_lost_before > untouched_opening_before
        or untouched_lost_after > untouched_opening_after
        or (untouched_opening_after is null) <> (comparison <> 'against untouched')
        or difference < difference_low - 1e-12
        or difference > difference_high + 1e-12
        or difference_low < -2 - 1e-12
        or difference_high > 2 + 1e-12
        or (difference is null) <> (difference_low is null or difference_high is null)
        or (not is_complete and churn_rate_after is not null)

)

select * from findings
