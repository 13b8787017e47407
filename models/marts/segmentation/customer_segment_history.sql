-- One row per person and spell [valid_from, valid_to) of local days in which scores, segment, value
-- class and tier stay the same, as they were known then (definitions §6). A day's are those at its
-- end: what was known of the purchases, against the breaks of the last month end. No spell before
-- the first month end of history, nor while no order counts.
with

buyers as (

    select
        buyer_number,
        customer_id
    from {{ ref('int_buyer_numbers') }}

),

score_stretches as (

    select
        buyer_number,
        valid_from,
        valid_to,
        recency_score,
        frequency_score,
        monetary_score,
        segment_recency,
        segment_frequency,
        class_level
    from {{ ref('int_score_stretches') }}

),

loyalty_tiers as (

    select
        buyers.buyer_number,
        loyalty_tiers.valid_from,
        loyalty_tiers.valid_to,
        loyalty_tiers.tier
    from {{ ref('int_loyalty_tiers') }} as loyalty_tiers
    inner join buyers
        on loyalty_tiers.customer_id = buyers.customer_id

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

stretches as (

    select
        score_stretches.buyer_number,
        {{ overlap_from('score_stretches.valid_from', 'loyalty_tiers.valid_from') }} as valid_from,
        {{ overlap_to('score_stretches.valid_to', 'loyalty_tiers.valid_to') }} as valid_to,
        score_stretches.recency_score,
        score_stretches.frequency_score,
        score_stretches.monetary_score,
        score_stretches.class_level,
        rfm_segments.rfm_segment,
        loyalty_tiers.tier
    from score_stretches
    inner join loyalty_tiers
        on score_stretches.buyer_number = loyalty_tiers.buyer_number
        and (
            score_stretches.valid_to is null
            or score_stretches.valid_to > loyalty_tiers.valid_from
        )
        and (
            loyalty_tiers.valid_to is null
            or score_stretches.valid_from < loyalty_tiers.valid_to
        )
    left join rfm_segments
        on
        score_stretches.segment_recency >= rfm_segments.recency_from
        and score_stretches.segment_recency <= rfm_segments.recency_to
        and score_stretches.segment_frequency >= rfm_segments.frequency_from
        and score_stretches.segment_frequency <= rfm_segments.frequency_to
        and score_stretches.monetary_score >= rfm_segments.monetary_from
        and score_stretches.monetary_score <= rfm_segments.monetary_to

),

followed as (

    select
        buyer_number,
        valid_from,
        recency_score,
        frequency_score,
        monetary_score,
        class_level,
        rfm_segment,
        tier,
        lag(valid_to) over person as previous_to,
        lag(recency_score) over person as previous_recency,
        lag(frequency_score) over person as previous_frequency,
        lag(monetary_score) over person as previous_monetary,
        lag(class_level) over person as previous_level,
        lag(rfm_segment) over person as previous_segment,
        lag(tier) over person as previous_tier,
        case
            when bool_and(valid_to is not null) over (partition by buyer_number)
                then max(valid_to) over (partition by buyer_number)
        end as last_to
    from stretches
    window person as (partition by buyer_number order by valid_from nulls first)

),

-- what stays the same from one stretch to the next is one spell
beginnings as (

    select
        buyer_number,
        valid_from,
        recency_score,
        frequency_score,
        monetary_score,
        class_level,
        rfm_segment,
        tier,
        previous_to,
        last_to
    from followed
    where
        previous_to is distinct from valid_from
        or previous_recency is distinct from recency_score
        or previous_frequency is distinct from frequency_score
        or previous_monetary is distinct from monetary_score
        or previous_level is distinct from class_level
        or previous_segment is distinct from rfm_segment
        or previous_tier is distinct from tier

),

spells as (

    select
        buyer_number,
        valid_from,
        coalesce(
            lead(previous_to) over (partition by buyer_number order by valid_from nulls first),
            last_to
        ) as valid_to,
        recency_score,
        frequency_score,
        monetary_score,
        class_level,
        rfm_segment,
        tier
    from beginnings

),

final as (

    select
        buyers.customer_id,
        spells.valid_from,
        spells.valid_to,
        spells.recency_score,
        spells.frequency_score,
        spells.monetary_score,
        spells.rfm_segment,
        case spells.class_level when 3 then 'A' when 2 then 'B' else 'C' end as abc_class,
        spells.tier
    from spells
    inner join buyers
        on spells.buyer_number = buyers.buyer_number

)

select * from final
