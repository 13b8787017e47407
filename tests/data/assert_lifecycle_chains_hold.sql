-- Every person and basis has one gap-free chain of spells: numbered from 1, each beginning where
-- the last one ended, neighbours of different states, the last one open, nothing after the cutoff
-- (definitions §2).
with

spells as (

    select
        lifecycle.customer_id,
        lifecycle.basis,
        lifecycle.spell_number,
        lifecycle.state,
        lifecycle.valid_from,
        lifecycle.valid_to,
        lifecycle.lost_after_days,
        lifecycle.rule,
        lag(lifecycle.spell_number) over chain as previous_number,
        lag(lifecycle.state) over chain as previous_state,
        lag(lifecycle.valid_to) over chain as previous_valid_to,
        lead(lifecycle.spell_number) over chain as next_number
    from {{ ref('customer_lifecycle') }} as lifecycle
    window
        chain as (
            partition by lifecycle.customer_id, lifecycle.basis
            order by lifecycle.spell_number nulls first
        )

),

bases as (

    select
        customer_id,
        min(case when basis = 'any' then valid_from end) as any_from,
        min(case when basis != 'any' then valid_from end) as first_from
    from spells
    group by customer_id

),

broken as (

    select
        spells.customer_id,
        spells.basis,
        spells.spell_number,
        case
            when spells.spell_number != coalesce(spells.previous_number, 0) + 1 then 'numbers'
            when
                spells.previous_number is not null
                and (
                    spells.previous_valid_to is null
                    or spells.previous_valid_to != spells.valid_from
                )
                then 'gap or overlap'
            when spells.previous_number is null and spells.state != 'active'
                then 'does not begin active'
            when spells.previous_state = spells.state then 'equal neighbours'
            when spells.state = 'returned' and spells.previous_state != 'lost'
                then 'returned without a loss'
            when spells.state = 'active' and spells.previous_state = 'lost'
                then 'active straight after a loss'
            when (spells.valid_to is null) != (spells.next_number is null) then 'not one open spell'
            when
                spells.valid_from >= spells.valid_to
                and (
                    spells.valid_from > spells.valid_to
                    or spells.spell_number > 1
                    or spells.rule not in ('subscription', 'combined')
                )
                then 'no days in it'
            when spells.valid_from > cutoff.cutoff_day then 'after the cutoff'
            when spells.state = 'paused' and spells.basis = 'orders' then 'paused by orders'
            when spells.state = 'at_risk' and spells.basis = 'subscriptions'
                then 'at risk by subscriptions'
            when spells.rule in ('own_interval', 'population', 'fixed')
                and coalesce(spells.lost_after_days, 0) < 1 then 'no window'
            when spells.state not in ('active', 'at_risk', 'lost', 'returned', 'paused')
                then 'unknown state'
        end as what
    from spells
    left join {{ ref('int_data_cutoff') }} as cutoff on true

    union all

    select
        customer_id,
        'any' as basis,
        0 as spell_number,
        'does not begin with the earlier basis' as what
    from bases
    where any_from is null or first_from is null or any_from != first_from

)

select *
from broken
where what is not null
