-- One row per day of int_risk_days and person not lost: the log odds of loss within
-- risk_horizon_days that base and signals add up to, by what was known on that day (points), and by
-- what is known now (points_now, from which scores are calibrated).
with

people as (

    select
        evaluation_on,
        person_number,
        risk_group,
        recency_days,
        is_now,
        is_lost_later
    from {{ ref('int_risk_people') }}

),

signals as (

    select
        evaluation_on,
        person_number,
        signal,
        level
    from {{ ref('int_risk_signals') }}

),

weights as (

    select
        known_on,
        signal,
        level,
        weight
    from {{ ref('int_risk_weights') }}

),

weights_now as (

    select
        signal,
        level,
        weight
    from {{ ref('int_risk_weights') }}
    where is_now

),

bases as (

    select
        known_on,
        risk_group,
        base_points
    from {{ ref('int_risk_bases') }}

),

bases_now as (

    select
        bases.risk_group,
        bases.base_points
    from bases
    inner join {{ ref('int_risk_days') }} as days
        on bases.known_on = days.evaluation_on
    where days.is_now

),

added as (

    select
        signals.evaluation_on,
        signals.person_number,
        count(*) as signals,
        sum(weights.weight) as weight,
        sum(weights_now.weight) as weight_now
    from signals
    inner join weights
        on
        signals.evaluation_on = weights.known_on
        and signals.signal = weights.signal
        and signals.level = weights.level
    inner join weights_now
        on
        signals.signal = weights_now.signal
        and signals.level = weights_now.level
    group by
        signals.evaluation_on,
        signals.person_number

),

-- rounded, as a sum of doubles depends on its order
final as (

    select
        people.evaluation_on,
        people.person_number,
        people.risk_group,
        people.recency_days,
        people.is_now,
        people.is_lost_later,
        coalesce(added.signals, 0) as signals,
        round(bases.base_points + coalesce(added.weight, 0), 6) as points,
        round(
            coalesce(bases_now.base_points, bases.base_points) + coalesce(added.weight_now, 0), 6
        ) as points_now
    from people
    inner join bases
        on
        people.evaluation_on = bases.known_on
        and people.risk_group = bases.risk_group
    left join bases_now
        on people.risk_group = bases_now.risk_group
    left join added
        on
        people.evaluation_on = added.evaluation_on
        and people.person_number = added.person_number

)

select * from final
