-- One row per person not lost at the cutoff and signal that is on: value, own baseline, threshold,
-- since when, and the weight it has in the score, with the people it was learned from. Not
-- additive: a person has several signals.
with

people as (

    select
        evaluation_on,
        person_number,
        customer_id
    from {{ ref('int_risk_people') }}
    where is_now

),

signals as (

    select
        evaluation_on,
        person_number,
        signal,
        level,
        value,
        baseline,
        threshold,
        since_on
    from {{ ref('int_risk_signals') }}

),

weights as (

    select
        signal,
        level,
        people_with,
        lost_with,
        people_without,
        lost_without,
        is_learned,
        weight
    from {{ ref('int_risk_weights') }}
    where is_now

),

rules as (

    select
        signal,
        level,
        suggested_action
    from {{ ref('risk_signal_rules') }}

),

final as (

    select
        people.customer_id,
        signals.signal,
        cast(signals.level as integer) as level,
        round(signals.value, 6) as measured_value,
        round(signals.baseline, 6) as baseline,
        cast(signals.threshold as double) as threshold,
        signals.since_on,
        round(weights.weight, 6) as weight,
        weights.is_learned,
        weights.people_with,
        weights.lost_with,
        {{ share('weights.lost_with', 'weights.people_with') }} as lost_share_with,
        weights.people_without,
        weights.lost_without,
        {{ share('weights.lost_without', 'weights.people_without') }} as lost_share_without,
        rules.suggested_action
    from people
    inner join signals
        on
        people.evaluation_on = signals.evaluation_on
        and people.person_number = signals.person_number
    inner join weights
        on
        signals.signal = weights.signal
        and signals.level = weights.level
    inner join rules
        on
        signals.signal = rules.signal
        and signals.level = rules.level

)

select * from final
