-- One row per past day of int_risk_days, group of like people, stage of their window, signal and
-- level: how many had it, and how many of them were lost within risk_horizon_days. Signal (all),
-- level 0 holds everybody. Additive over days and groups: a person counts once on each day.
with

people as (

    select
        evaluation_on,
        person_number,
        risk_group,
        window_stage,
        is_lost_later
    from {{ ref('int_risk_people') }}
    where is_lost_later is not null

),

signals as (

    select
        evaluation_on,
        person_number,
        signal,
        level
    from {{ ref('int_risk_signals') }}

),

final as (

    select
        evaluation_on,
        risk_group,
        window_stage,
        '(all)' as signal,
        0 as level,
        count(*) as people,
        count_if(is_lost_later) as lost
    from people
    group by
        evaluation_on,
        risk_group,
        window_stage

    union all

    select
        people.evaluation_on,
        people.risk_group,
        people.window_stage,
        signals.signal,
        signals.level,
        count(*) as people,
        count_if(people.is_lost_later) as lost
    from people
    inner join signals
        on
        people.evaluation_on = signals.evaluation_on
        and people.person_number = signals.person_number
    group by
        people.evaluation_on,
        people.risk_group,
        people.window_stage,
        signals.signal,
        signals.level

)

select * from final
