-- One row per person and spell of the orders basis: [valid_from, valid_to) in whole local days,
-- gap-free from the first purchase occasion on, the last one open. A spell is settled by what was
-- known on the day of its last occasion. Nobody changes state on a day after the cutoff.
{% if var('lapse_rule') not in ('own_interval', 'population', 'fixed') %}
    {{ exceptions.raise_compiler_error("lapse_rule must be own_interval, population or fixed") }}
{% endif %}
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

occasions as (

    select
        customer_id,
        occasion_on
    from {{ ref('int_purchase_occasions') }}

),

lapse_points as (

    select
        applies_from,
        lapse_point_days,
        rule
    from {{ ref('int_lapse_points') }}

),

-- Only gaps that ended on or before the day: a later purchase changes no earlier window. The latest
-- gaps of a person follow on each other, so their days are those since the first of them began.
gaps as (

    select
        customer_id,
        occasion_on,
        lead(occasion_on) over person_occasions as next_on,
        count(*) over latest_occasions - 1 as own_gaps,
        {{ days_between('min(occasion_on) over latest_occasions', 'occasion_on') }} as own_gap_days
    from occasions
    window
        person_occasions as (
            partition by customer_id
            order by occasion_on nulls first
        ),
        latest_occasions as (
            partition by customer_id
            order by occasion_on nulls first
            rows between {{ var('lapse_gaps') | int(4) }} preceding and current row
        )

),

rules as (

    select
        gaps.customer_id,
        gaps.occasion_on,
        gaps.next_on,
        gaps.own_gaps,
        gaps.own_gap_days,
        lapse_points.lapse_point_days,
        {{ lapse_window_rule('gaps.own_gaps', 'lapse_points.rule') }} as rule
    from gaps
    left join lapse_points
        on cast(date_trunc('month', gaps.occasion_on) as date) = lapse_points.applies_from

),

windows as (

    select
        customer_id,
        occasion_on,
        next_on,
        rule,
        {{ lapse_window_days('rule', 'own_gaps', 'own_gap_days', 'lapse_point_days') }}
            as lost_after_days
    from rules

),

turns as (

    select
        customer_id,
        occasion_on,
        next_on,
        rule,
        lost_after_days,
        {{ add_days('occasion_on', 'lost_after_days') }} as lost_on,
        {{ add_days('occasion_on', 'least(
            lost_after_days,
            cast(ceil(round(cast(' ~ var('at_risk_share') ~ ' as double) * lost_after_days, 6)) as integer)
        )') }} as at_risk_on
    from windows

),

-- A gap of exactly w days is no loss: the purchase falls on the very day. A purchase is active here
-- also after a loss.
states as (

    select
        customer_id,
        'active' as state,
        occasion_on as valid_from,
        rule,
        lost_after_days
    from turns
    where at_risk_on > occasion_on

    union all

    select
        turns.customer_id,
        'at_risk' as state,
        turns.at_risk_on as valid_from,
        turns.rule,
        turns.lost_after_days
    from turns
    inner join cutoff
        on turns.at_risk_on <= cutoff.cutoff_day
    where
        turns.at_risk_on < turns.lost_on
        and (turns.next_on is null or turns.next_on > turns.at_risk_on)

    union all

    select
        turns.customer_id,
        'lost' as state,
        turns.lost_on as valid_from,
        turns.rule,
        turns.lost_after_days
    from turns
    inner join cutoff
        on turns.lost_on <= cutoff.cutoff_day
    where turns.next_on is null or turns.next_on > turns.lost_on

),

followed as (

    select
        customer_id,
        state,
        valid_from,
        rule,
        lost_after_days,
        lag(state) over person_states as state_before,
        lag(state, 2) over person_states as state_before_that,
        lead(state) over person_states as state_after
    from states
    window
        person_states as (
            partition by customer_id
            order by valid_from nulls first
        )

),

-- Who purchases after a loss has returned.
changes as (

    select
        customer_id,
        case when state = 'active' and state_before = 'lost' then 'returned' else state end
            as state,
        valid_from,
        rule,
        lost_after_days,
        case
            when state_before = 'active' and state_before_that = 'lost' then 'returned'
            else state_before
        end as previous_state,
        case when state_after = 'active' and state = 'lost' then 'returned' else state_after end
            as next_state
    from followed

),

-- Adjacent spells of one state merge; window and rule are those of the last occasion in it.
bounds as (

    select
        customer_id,
        state,
        valid_from,
        rule,
        lost_after_days,
        previous_state is null or previous_state != state as is_first,
        next_state is null or next_state != state as is_last
    from changes
    where
        previous_state is null
        or previous_state != state
        or next_state is null
        or next_state != state

),

-- A spell is one row, or two: its first and its last.
spells as (

    select
        customer_id,
        state,
        valid_from,
        is_first,
        count_if(is_first) over person_bounds as spell_number,
        case
            when is_last then lead(valid_from) over person_bounds
            else lead(valid_from, 2) over person_bounds
        end as valid_to,
        case when is_last then lost_after_days else lead(lost_after_days) over person_bounds end
            as lost_after_days,
        case when is_last then rule else lead(rule) over person_bounds end as rule
    from bounds
    window
        person_bounds as (
            partition by customer_id
            order by valid_from nulls first
        )

),

final as (

    select
        customer_id,
        cast(spell_number as integer) as spell_number,
        state,
        valid_from,
        valid_to,
        cast(lost_after_days as integer) as lost_after_days,
        rule
    from spells
    where is_first

)

select * from final
