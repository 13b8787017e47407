-- One row per person and spell of basis any: lost only while every basis the person has entered is
-- lost, otherwise the best of active or returned, at_risk, paused. Gap-free from the earlier basis
-- on, the last spell open. Who has one basis keeps its spells, window and rule; where two are
-- combined there is no single window.
{{ config(materialized='view') }}
with

order_spells as (

    select
        customer_id,
        spell_number,
        state,
        valid_from,
        valid_to,
        lost_after_days,
        rule
    from {{ ref('int_order_spells') }}

),

subscription_spells as (

    select
        customer_id,
        spell_number,
        state,
        valid_from,
        valid_to,
        lost_after_days,
        rule
    from {{ ref('int_subscription_spells') }}

),

people_of_both as (

    select order_spells.customer_id
    from order_spells
    inner join subscription_spells
        on order_spells.customer_id = subscription_spells.customer_id
    where order_spells.spell_number = 1 and subscription_spells.spell_number = 1

),

order_occasions as (

    select
        customer_id,
        occasion_on
    from {{ ref('int_purchase_occasions') }}

),

subscription_stretches as (

    select
        customer_id,
        starts_on,
        ends_on
    from {{ ref('int_subscription_stretches') }}
    where service_state = 'paid'

),

-- The states as they begin; an empty first spell is no state at a day's end.
turns as (

    select
        order_spells.customer_id,
        order_spells.valid_from,
        order_spells.state as order_state,
        cast(null as varchar) as subscription_state
    from order_spells
    inner join people_of_both
        on order_spells.customer_id = people_of_both.customer_id

    union all

    select
        subscription_spells.customer_id,
        subscription_spells.valid_from,
        cast(null as varchar) as order_state,
        subscription_spells.state as subscription_state
    from subscription_spells
    inner join people_of_both
        on subscription_spells.customer_id = people_of_both.customer_id
    where
        subscription_spells.valid_to is null
        or subscription_spells.valid_to > subscription_spells.valid_from

),

turn_days as (

    select
        customer_id,
        valid_from,
        max(order_state) as order_state,
        max(subscription_state) as subscription_state
    from turns
    group by customer_id, valid_from

),

-- The latest word of each basis is carried forward: rows between two words share its number.
numbered_turns as (

    select
        *,
        count(order_state) over days_so_far as order_turn,
        count(subscription_state) over days_so_far as subscription_turn
    from turn_days
    window
        days_so_far as (
            partition by customer_id
            order by valid_from nulls first
            rows between unbounded preceding and current row
        )

),

both_states as (

    select
        customer_id,
        valid_from,
        max(order_state) over (partition by customer_id, order_turn) as order_state,
        max(subscription_state) over (partition by customer_id, subscription_turn)
            as subscription_state
    from numbered_turns

),

combined as (

    select
        customer_id,
        valid_from,
        case
            when
                coalesce(order_state, 'lost') = 'lost'
                and coalesce(subscription_state, 'lost') = 'lost'
                then 'lost'
            when
                order_state in ('active', 'returned')
                or subscription_state in ('active', 'returned')
                then 'active'
            when order_state = 'at_risk' then 'at_risk'
            else 'paused'
        end as state,
        row_number() over (
            partition by customer_id
            order by valid_from nulls first
        ) as turn_number
    from both_states

),

-- Who came and went as a subscriber on the very first day begins with the empty spell of that day.
states as (

    select
        customer_id,
        valid_from,
        1 as state_order,
        state
    from combined

    union all

    select
        customer_id,
        valid_from,
        0 as state_order,
        'active' as state
    from combined
    where turn_number = 1 and state != 'active'

),

state_changes as (

    select
        *,
        lag(state) over (
            partition by customer_id
            order by valid_from nulls first, state_order nulls first
        ) as previous_state
    from states

),

runs as (

    select
        customer_id,
        valid_from,
        state_order,
        case when state = 'active' and previous_state = 'lost' then 'returned' else state end
            as state,
        lead(valid_from) over (
            partition by customer_id
            order by valid_from nulls first, state_order nulls first
        ) as valid_to
    from state_changes
    where previous_state is null or previous_state != state

),

-- Returned until the next occasion or the start of a further paid stretch, in whichever basis.
comings as (

    select
        customer_id,
        occasion_on as came_on
    from order_occasions

    union all

    select
        customer_id,
        starts_on as came_on
    from subscription_stretches
    where ends_on is null or ends_on > starts_on

),

renewals as (

    select
        runs.customer_id,
        runs.valid_from as returned_on,
        min(comings.came_on) as renewed_on
    from runs
    inner join comings
        on
        runs.customer_id = comings.customer_id
        and runs.valid_from < comings.came_on
        and (runs.valid_to is null or runs.valid_to > comings.came_on)
    where runs.state = 'returned'
    group by runs.customer_id, runs.valid_from

),

combined_spells as (

    select
        customer_id,
        valid_from,
        state_order,
        state
    from runs

    union all

    select
        customer_id,
        renewed_on as valid_from,
        1 as state_order,
        'active' as state
    from renewals

),

final as (

    select
        order_spells.customer_id,
        order_spells.spell_number,
        order_spells.state,
        order_spells.valid_from,
        order_spells.valid_to,
        order_spells.lost_after_days,
        order_spells.rule
    from order_spells
    left join people_of_both
        on order_spells.customer_id = people_of_both.customer_id
    where people_of_both.customer_id is null

    union all

    select
        subscription_spells.customer_id,
        subscription_spells.spell_number,
        subscription_spells.state,
        subscription_spells.valid_from,
        subscription_spells.valid_to,
        subscription_spells.lost_after_days,
        subscription_spells.rule
    from subscription_spells
    left join people_of_both
        on subscription_spells.customer_id = people_of_both.customer_id
    where people_of_both.customer_id is null

    union all

    select
        customer_id,
        cast(row_number() over person_spells as integer) as spell_number,
        state,
        valid_from,
        lead(valid_from) over person_spells as valid_to,
        cast(null as integer) as lost_after_days,
        'combined' as rule
    from combined_spells
    window
        person_spells as (
            partition by customer_id
            order by valid_from nulls first, state_order nulls first
        )

)

select * from final
