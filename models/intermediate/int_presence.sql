-- One row per person, basis and unbroken stretch of days in which the person is not lost (active,
-- at risk, returned, or paused inside its grace): the days from present_from to the day before
-- present_to.
with

lifecycle as (

    select
        customer_id,
        basis,
        spell_number,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}

),

numbered_spells as (

    select
        customer_id,
        basis,
        state,
        valid_from,
        valid_to,
        count_if(state = 'lost') over (
            partition by customer_id, basis
            order by spell_number nulls first
        ) as losses_before,
        min(valid_from) over (partition by customer_id, basis) as first_day
    from lifecycle

),

final as (

    select
        customer_id,
        basis,
        first_day,
        min(valid_from) as present_from,
        case when count(*) = count(valid_to) then max(valid_to) end as present_to
    from numbered_spells
    where state <> 'lost'
    group by
        customer_id,
        basis,
        first_day,
        losses_before

)

select * from final
