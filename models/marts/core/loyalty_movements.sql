-- One row per movement of loyalty points before the cutoff of a known person (definitions §8):
-- above 0 earned or given back, below it redeemed, expired or taken back. Points add up. Test
-- accounts are not here.
with

loyalty_movements as (

    select
        event_id,
        customer_id,
        occurred_at,
        occurred_on,
        action,
        points
    from {{ ref('int_loyalty_known') }}

),

final as (

    select * from loyalty_movements

)

select * from final
