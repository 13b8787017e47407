-- One row per person, basis and spell [valid_from, valid_to) in whole local days: a gap-free chain
-- per person and basis, the last spell open. A day's state is the state at its end. Every count of
-- active, lost or returned customers reads these spells. Not additive over bases: a person stands
-- in orders, subscriptions and any.
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

any_spells as (

    select
        customer_id,
        spell_number,
        state,
        valid_from,
        valid_to,
        lost_after_days,
        rule
    from {{ ref('int_any_spells') }}

),

final as (

    select
        customer_id,
        'orders' as basis,
        spell_number,
        state,
        valid_from,
        valid_to,
        lost_after_days,
        rule
    from order_spells

    union all

    select
        customer_id,
        'subscriptions' as basis,
        spell_number,
        state,
        valid_from,
        valid_to,
        lost_after_days,
        rule
    from subscription_spells

    union all

    select
        customer_id,
        'any' as basis,
        spell_number,
        state,
        valid_from,
        valid_to,
        lost_after_days,
        rule
    from any_spells

)

select * from final
