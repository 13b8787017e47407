-- One row per subscriber and stretch of days [tenure_from, tenure_to) from the first paid service
-- that stood at a day's end, or the return after a loss, to the next loss (definitions §5). A pause
-- ends none (E71). Who came and went on one day (E60) has none of that day.
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
        count_if(state = 'lost') over (
            partition by customer_id
            order by spell_number nulls first
        ) as losses_before
    from lifecycle
    where valid_to is null or valid_to > valid_from

),

tenures as (

    select
        customer_id,
        min(valid_from) as tenure_from,
        case when count(*) = count(valid_to) then max(valid_to) end as tenure_to
    from numbered_spells
    where state <> 'lost'
    group by
        customer_id,
        losses_before

),

final as (

    select
        customer_id,
        row_number() over (partition by customer_id order by tenure_from nulls first)
            as tenure_number,
        tenure_from,
        tenure_to
    from tenures

)

select * from final
