-- One row per day of int_risk_days, signal and level: the log odds of loss it adds, as the days
-- whose outcome was known by then show it (definitions §7): people with it against people of the
-- same group, at the same stage of their window, without the signal (Mantel and Haenszel), or the
-- default where there are too few.
with

days as (

    select
        evaluation_on,
        outcome_on,
        is_now
    from {{ ref('int_risk_days') }}

),

histories as (

    select
        histories.evaluation_on,
        days.outcome_on,
        histories.risk_group,
        -- overdue is the stage itself, and compares stages
        case when histories.signal = 'overdue' then -1 else histories.window_stage end
            as window_stage,
        histories.signal,
        histories.level,
        histories.people,
        histories.lost
    from {{ ref('int_risk_histories') }} as histories
    inner join days
        on histories.evaluation_on = days.evaluation_on

),

rules as (

    select
        signal,
        level,
        default_weight
    from {{ ref('risk_signal_rules') }}

),

-- what was known on each day
known as (

    select
        days.evaluation_on as known_on,
        histories.risk_group,
        histories.window_stage,
        histories.signal,
        histories.level,
        sum(histories.people) as people,
        sum(histories.lost) as lost
    from days
    inner join histories
        on days.evaluation_on >= histories.outcome_on
    group by
        days.evaluation_on,
        histories.risk_group,
        histories.window_stage,
        histories.signal,
        histories.level

),

everybody as (

    select
        known_on,
        risk_group,
        window_stage,
        people,
        lost
    from known
    where signal = '(all)'

    union all

    select
        known_on,
        risk_group,
        -1 as window_stage,
        sum(people) as people,
        sum(lost) as lost
    from known
    where signal = '(all)'
    group by
        known_on,
        risk_group

),

-- at any level
with_signal as (

    select
        known_on,
        risk_group,
        window_stage,
        signal,
        sum(people) as people,
        sum(lost) as lost
    from known
    where signal <> '(all)'
    group by
        known_on,
        risk_group,
        window_stage,
        signal

),

compared as (

    select
        known.known_on,
        known.signal,
        known.level,
        cast(known.people as double) as people_with,
        cast(known.lost as double) as lost_with,
        cast(everybody.people - with_signal.people as double) as people_without,
        cast(everybody.lost - with_signal.lost as double) as lost_without,
        cast(
            known.people + everybody.people - with_signal.people as double
        ) as people_compared
    from known
    inner join everybody
        on
        known.known_on = everybody.known_on
        and known.risk_group = everybody.risk_group
        and known.window_stage = everybody.window_stage
    inner join with_signal
        on
        known.known_on = with_signal.known_on
        and known.risk_group = with_signal.risk_group
        and known.window_stage = with_signal.window_stage
        and known.signal = with_signal.signal

),

-- half a person on either side keeps a signal that always, or never, told finite
pooled as (

    select
        known_on,
        signal,
        level,
        sum(people_with) as people_with,
        sum(lost_with) as lost_with,
        sum(people_without) as people_without,
        sum(lost_without) as lost_without,
        0.5 + sum(
            {{ share('lost_with * (people_without - lost_without)', 'people_compared') }}
        ) as for_loss,
        0.5 + sum(
            {{ share('(people_with - lost_with) * lost_without', 'people_compared') }}
        ) as against_loss
    from compared
    group by
        known_on,
        signal,
        level

),

judged as (

    select
        days.evaluation_on as known_on,
        days.is_now,
        rules.signal,
        rules.level,
        rules.default_weight,
        cast(coalesce(pooled.people_with, 0) as bigint) as people_with,
        cast(coalesce(pooled.lost_with, 0) as bigint) as lost_with,
        cast(coalesce(pooled.people_without, 0) as bigint) as people_without,
        cast(coalesce(pooled.lost_without, 0) as bigint) as lost_without,
        ln({{ share('pooled.for_loss', 'pooled.against_loss') }}) as learned_weight
    from days
    cross join rules
    left join pooled
        on
        days.evaluation_on = pooled.known_on
        and rules.signal = pooled.signal
        and rules.level = pooled.level

),

final as (

    select
        known_on,
        is_now,
        signal,
        level,
        people_with,
        lost_with,
        people_without,
        lost_without,
        least(people_with, people_without) >= {{ var('risk_min_people') }} as is_learned,
        case
            when least(people_with, people_without) >= {{ var('risk_min_people') }}
                then learned_weight
            else cast(default_weight as double)
        end as weight
    from judged

)

select * from final
