-- One row per person and stretch [valid_from, valid_to) of local days with the same loyalty tier,
-- as it was known then (definitions §6). Gap-free from the first order that counted, or the first
-- points; below 0 is the lowest tier.
with

amounts as (

    select
        customer_id,
        valid_from,
        tier_amount
    from {{ ref('int_tier_amounts') }}

),

tiers as (

    select
        position,
        tier,
        case '{{ var("tier_basis") }}' when 'spend' then from_spend else from_points end
            as from_amount
    from {{ ref('loyalty_tiers') }}

),

tier_ranges as (

    select
        tier,
        from_amount,
        lead(from_amount) over (order by position nulls first) as to_amount
    from tiers

),

tiers_in_turn as (

    select
        amounts.customer_id,
        amounts.valid_from,
        tier_ranges.tier
    from amounts
    inner join tier_ranges
        on
        greatest(amounts.tier_amount, 0) >= tier_ranges.from_amount
        and (
            tier_ranges.to_amount is null
            or amounts.tier_amount < tier_ranges.to_amount
        )

),

changes as (

    select
        customer_id,
        valid_from,
        tier,
        lag(tier) over (partition by customer_id order by valid_from nulls first) as previous_tier
    from tiers_in_turn
    qualify previous_tier is distinct from tier

),

final as (

    select
        customer_id,
        tier,
        valid_from,
        lead(valid_from) over (partition by customer_id order by valid_from nulls first)
            as valid_to
    from changes

)

select * from final
