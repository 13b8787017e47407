-- One row per past day of int_risk_days and ranking (points: the score's order by what was known on
-- that day; recency: days since the last purchase alone): how well it put those first who were then
-- lost within risk_horizon_days. Not additive over days.
with

points as (

    select
        evaluation_on,
        recency_days,
        points,
        is_lost_later
    from {{ ref('int_risk_points') }}
    where is_lost_later is not null

),

days as (

    select
        evaluation_on,
        outcome_on
    from {{ ref('int_risk_days') }}
    where not is_now

),

weights as (

    select
        known_on,
        signal,
        is_learned
    from {{ ref('int_risk_weights') }}

),

learned as (

    select
        known_on,
        count(distinct case when is_learned then signal end) as learned_signals
    from weights
    group by known_on

),

-- a histogram, so that nothing sorts every person; who never bought has no recency and comes last
values_ranked as (

    select
        evaluation_on,
        'points' as ranking,
        points as value,
        count(*) as people,
        count_if(is_lost_later) as lost
    from points
    group by
        evaluation_on,
        points

    union all

    select
        evaluation_on,
        'recency' as ranking,
        cast(coalesce(recency_days, -1) as double) as value,
        count(*) as people,
        count_if(is_lost_later) as lost
    from points
    group by
        evaluation_on,
        coalesce(recency_days, -1)

),

running as (

    select
        evaluation_on,
        ranking,
        cast(people as double) as people,
        cast(lost as double) as lost,
        cast(sum(people) over from_highest as double) as people_to,
        cast(sum(lost) over from_highest as double) as lost_to,
        cast(sum(people) over everybody as double) as all_people,
        cast(sum(lost) over everybody as double) as all_lost
    from values_ranked
    window
        from_highest as (
            partition by evaluation_on, ranking
            order by value desc nulls last
        ),
        everybody as (partition by evaluation_on, ranking)

),

-- pairs of one lost and one kept that stand in the right order, ties by half; and the part of each
-- value that the first tenth takes in
judged as (

    select
        evaluation_on,
        ranking,
        max(all_people) as people,
        max(all_lost) as lost,
        sum(lost * (all_people - all_lost - (people_to - lost_to) + 0.5 * (people - lost)))
            as right_pairs,
        sum(
            lost * greatest(
                0.0,
                least(1.0, {{ share('0.1 * all_people - (people_to - people)', 'people') }})
            )
        ) as top_lost
    from running
    group by
        evaluation_on,
        ranking

),

final as (

    select
        judged.evaluation_on,
        days.outcome_on,
        judged.ranking,
        cast(judged.people as bigint) as people,
        cast(judged.lost as bigint) as lost,
        {{ share('judged.lost', 'judged.people') }} as lost_share,
        round(
            {{ share('judged.right_pairs', 'judged.lost * (judged.people - judged.lost)') }}, 9
        ) as auc,
        round({{ share('judged.top_lost', '0.1 * judged.people') }}, 9) as top_decile_lost_share,
        round({{ share('judged.top_lost', '0.1 * judged.lost') }}, 9) as top_decile_lift,
        cast(coalesce(learned.learned_signals, 0) as bigint) as learned_signals,
        judged.people < {{ var('small_cell_size') }} as is_small
    from judged
    inner join days
        on judged.evaluation_on = days.evaluation_on
    left join learned
        on judged.evaluation_on = learned.known_on

)

select * from final
