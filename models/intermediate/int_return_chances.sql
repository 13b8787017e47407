-- One row per value class and time since loss, and per time alone (value_class (all)): of the
-- people who were lost as long on the past days of int_risk_days, how many came back within
-- risk_horizon_days; each day counts by itself.
with

days as (

    select
        evaluation_on,
        outcome_on
    from {{ ref('int_risk_days') }}
    where not is_now

),

losses as (

    select
        person_number,
        lost_on,
        returned_on
    from {{ ref('int_losses') }}

),

value_classes as (

    select
        person_number,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension = 'value_class'

),

classed as (

    select
        losses.lost_on,
        losses.returned_on,
        coalesce(value_classes.value, '(none)') as value_class
    from losses
    left join value_classes
        on
        losses.person_number = value_classes.person_number
        and losses.lost_on > value_classes.valid_from
        and (value_classes.valid_to is null or losses.lost_on <= value_classes.valid_to)

),

counted as (

    select
        classed.value_class,
        {{ time_since_loss('classed.lost_on', 'days.evaluation_on') }} as time_since_loss,
        count(*) as people,
        count_if(coalesce(classed.returned_on <= days.outcome_on, false)) as returned
    from days
    inner join classed
        on
        days.evaluation_on >= classed.lost_on
        and (classed.returned_on is null or days.evaluation_on < classed.returned_on)
    group by
        classed.value_class,
        {{ time_since_loss('classed.lost_on', 'days.evaluation_on') }}

),

final as (

    select
        value_class,
        time_since_loss,
        people,
        returned
    from counted

    union all

    select
        '(all)' as value_class,
        time_since_loss,
        cast(sum(people) as bigint) as people,
        cast(sum(returned) as bigint) as returned
    from counted
    group by time_since_loss

)

select * from final
