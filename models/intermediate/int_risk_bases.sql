-- One row per day of int_risk_days and group of like people: the log odds of loss of who has no
-- signal, so that the group's share lost, as known then, comes out on average over its people. A
-- group too small for a share of its own has that of all, and risk_default_share without history.
with

days as (

    select
        evaluation_on,
        outcome_on
    from {{ ref('int_risk_days') }}

),

histories as (

    select
        histories.evaluation_on,
        days.outcome_on,
        histories.risk_group,
        histories.signal,
        histories.level,
        histories.people,
        histories.lost
    from {{ ref('int_risk_histories') }} as histories
    inner join days
        on histories.evaluation_on = days.evaluation_on

),

groups as (

    select distinct
        evaluation_on as known_on,
        risk_group
    from {{ ref('int_risk_people') }}

),

weights as (

    select
        known_on,
        signal,
        level,
        weight
    from {{ ref('int_risk_weights') }}

),

known as (

    select
        days.evaluation_on as known_on,
        histories.risk_group,
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
        histories.signal,
        histories.level

),

everybody as (

    select
        known_on,
        sum(people) as people,
        sum(lost) as lost
    from known
    where signal = '(all)'
    group by known_on

),

group_totals as (

    select
        known_on,
        risk_group,
        people,
        lost
    from known
    where signal = '(all)'

),

added as (

    select
        known.known_on,
        known.risk_group,
        sum(cast(known.people as double) * weights.weight) as weight
    from known
    inner join weights
        on
        known.known_on = weights.known_on
        and known.signal = weights.signal
        and known.level = weights.level
    group by
        known.known_on,
        known.risk_group

),

-- half a person on either side, as in the weights
shares as (

    select
        groups.known_on,
        groups.risk_group,
        case
            when group_totals.people >= {{ var('risk_min_people') }}
                then (cast(group_totals.lost as double) + 0.5)
                    / nullif(cast(group_totals.people as double) + 1, 0)
            when everybody.people >= {{ var('risk_min_people') }}
                then (cast(everybody.lost as double) + 0.5)
                    / nullif(cast(everybody.people as double) + 1, 0)
            else cast({{ var('risk_default_share') }} as double)
        end as lost_share,
        coalesce(added.weight / nullif(cast(group_totals.people as double), 0), 0) as mean_weight
    from groups
    left join group_totals
        on
        groups.known_on = group_totals.known_on
        and groups.risk_group = group_totals.risk_group
    left join everybody
        on groups.known_on = everybody.known_on
    left join added
        on
        groups.known_on = added.known_on
        and groups.risk_group = added.risk_group

),

final as (

    select
        known_on,
        risk_group,
        lost_share,
        ln(lost_share / nullif(1 - lost_share, 0)) - mean_weight as base_points
    from shares

)

select * from final
