-- One row per person and unbroken stretch of days in paid service: present as a subscriber and not
-- paused (definitions §2, contractual). In service on the days from served_from to the day before
-- served_to.
with

lifecycle as (

    select
        customer_id,
        spell_number,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'subscriptions'

),

numbered_spells as (

    select
        customer_id,
        state,
        valid_from,
        valid_to,
        count_if(state in ('lost', 'paused')) over (
            partition by customer_id
            order by spell_number nulls first
        ) as breaks_before
    from lifecycle

),

final as (

    select
        customer_id,
        min(valid_from) as served_from,
        case when count(*) = count(valid_to) then max(valid_to) end as served_to
    from numbered_spells
    where state not in ('lost', 'paused')
    group by
        customer_id,
        breaks_before

)

select * from final
