-- What is retained or lost is a part of its group, a difference lies within its interval, and the
-- interval within -1 and 1 (definitions §3, onboarding_effect).
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
        difference_high
    from {{ ref('onboarding_effect') }}

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

)

select * from findings
