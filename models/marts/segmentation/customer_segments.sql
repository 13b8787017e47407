-- One row per person known at the cutoff, prospects included, with every segment they are in at the
-- cutoff day (definitions §6). Scores are reckoned on that day exactly; customer_segment_history
-- holds to the breaks of the last month end. Without an order that counts there are none.
with

customers as (

    select
        customer_id,
        gender,
        age_band,
        country,
        acquisition_channel,
        lifecycle_state
    from {{ ref('customers') }}
    where not is_test

),

scores as (

    select
        customer_id,
        recency_days,
        frequency,
        monetary,
        recency_score,
        frequency_score,
        monetary_score,
        segment_recency,
        segment_frequency,
        scored_cents,
        revenue_position
    from {{ ref('int_rfm_scores') }}

),

rfm_segments as (

    select
        recency_from,
        recency_to,
        frequency_from,
        frequency_to,
        monetary_from,
        monetary_to,
        rfm_segment
    from {{ ref('rfm_segments') }}

),

variations as (

    select
        customer_id,
        months,
        variation
    from {{ ref('int_revenue_variation') }}

),

tier_amounts as (

    select
        customer_id,
        tier_amount
    from {{ ref('int_tier_amounts') }}
    where valid_to is null

),

loyalty_tiers as (

    select
        position,
        tier,
        case '{{ var("tier_basis") }}' when 'spend' then from_spend else from_points end
            as from_amount
    from {{ ref('loyalty_tiers') }}

),

behaviour as (

    select
        customer_id,
        usage_trend,
        engagement_trend
    from {{ ref('int_behaviour_trends') }}

),

-- biggest first, equal ones by id: the other way round than positions
cumulated as (

    select
        customer_id,
        scored_cents,
        cast(
            sum(scored_cents) over (
                order by revenue_position desc nulls last
                rows between unbounded preceding and current row
            ) as bigint
        )
        - scored_cents as cents_before,
        cast(sum(scored_cents) over () as bigint) as cents_in_all
    from scores

),

classes as (

    select
        customer_id,
        {{ abc_class('cents_before', 'cents_in_all') }} as abc_class
    from cumulated

),

tier_steps as (

    select
        tier,
        from_amount,
        lead(tier) over (order by position nulls first) as next_tier,
        lead(from_amount) over (order by position nulls first) as next_amount
    from loyalty_tiers

),

tiers as (

    select
        tier_amounts.customer_id,
        tier_amounts.tier_amount,
        tier_steps.tier,
        tier_steps.next_tier,
        tier_steps.next_amount - tier_amounts.tier_amount as amount_to_next_tier
    from tier_amounts
    inner join tier_steps
        on
        greatest(tier_amounts.tier_amount, 0) >= tier_steps.from_amount
        and (
            tier_steps.next_amount is null
            or tier_amounts.tier_amount < tier_steps.next_amount
        )

),

final as (

    select
        customers.customer_id,
        cast(scores.recency_days as integer) as recency_days,
        coalesce(scores.frequency, 0) as frequency,
        coalesce(scores.monetary, 0) as monetary,
        scores.recency_score,
        scores.frequency_score,
        scores.monetary_score,
        rfm_segments.rfm_segment,
        classes.abc_class,
        case when scores.customer_id is not null then variations.variation end
            as revenue_variation,
        case when scores.customer_id is not null then {{ xyz_class('variations.variation') }} end
            as xyz_class,
        tiers.tier,
        tiers.tier_amount,
        tiers.next_tier,
        cast(tiers.amount_to_next_tier as decimal(18, 2)) as amount_to_next_tier,
        customers.gender,
        customers.age_band,
        customers.country,
        customers.acquisition_channel,
        customers.lifecycle_state,
        behaviour.usage_trend,
        behaviour.engagement_trend
    from customers
    left join scores
        on customers.customer_id = scores.customer_id
    left join rfm_segments
        on
        scores.segment_recency >= rfm_segments.recency_from
        and scores.segment_recency <= rfm_segments.recency_to
        and scores.segment_frequency >= rfm_segments.frequency_from
        and scores.segment_frequency <= rfm_segments.frequency_to
        and scores.monetary_score >= rfm_segments.monetary_from
        and scores.monetary_score <= rfm_segments.monetary_to
    left join classes
        on customers.customer_id = classes.customer_id
    left join variations
        on customers.customer_id = variations.customer_id
    left join tiers
        on customers.customer_id = tiers.customer_id
    left join behaviour
        on customers.customer_id = behaviour.customer_id

)

select * from final
