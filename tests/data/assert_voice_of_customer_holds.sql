-- Values of a dimension add up to all, bands to people, categories to (all); nobody answers more
-- surveys than were due, nobody is lost twice; scores lie on their scale and within their interval
-- (definitions §8). The intervals of a score without neutrals are twice those of its share.
with

sums as (

    select
        satisfaction.grain,
        satisfaction.period_start,
        satisfaction.survey,
        satisfaction.dimension,
        sum(satisfaction.sent) as sent,
        sum(satisfaction.answered) as answered,
        sum(satisfaction.people) as people,
        sum(satisfaction.score_sum) as score_sum
    from {{ ref('satisfaction') }} as satisfaction
    group by
        satisfaction.grain,
        satisfaction.period_start,
        satisfaction.survey,
        satisfaction.dimension

),

findings as (

    select
        'satisfaction' as mart,
        'a dimension is not all' as finding
    from sums
    inner join sums as totals
        on
        sums.grain = totals.grain
        and sums.period_start = totals.period_start
        and sums.survey = totals.survey
        and totals.dimension = 'all'
    where
        sums.sent <> totals.sent
        or sums.answered <> totals.answered
        or sums.people <> totals.people
        or sums.score_sum <> totals.score_sum

    union all

    select
        'satisfaction' as mart,
        'a cell does not hold' as finding
    from {{ ref('satisfaction') }}
    where
        answered > due
        or due > sent
        or positive + neutral + negative <> people
        or score < score_low - 1e-9
        or score > score_high + 1e-9
        or score_low < case survey when 'nps' then -100 when 'csat' then 0 else 1 end - 1e-9
        or score_high > case survey when 'ces' then 7 else 100 end + 1e-9
        or (is_complete and (score is null) <> (people = 0))

    union all

    select
        'complaints' as mart,
        'a cell does not hold' as finding
    from {{ ref('complaints') }}
    where
        resolved + unresolved <> complaints
        or ever_resolved < resolved
        or reopened > ever_resolved
        or ever_resolved > complaints
        or complainers > complaints
        or lost_early + solved + unsolved <> followed
        or solved_lost > solved
        or unsolved_lost > unsolved
        or without_complaint_lost > without_complaint
        or without_complaint_lost < 0

    union all

    select
        'complaints' as mart,
        'categories are not all' as finding
    from {{ ref('complaints') }}
    group by
        grain,
        period_start
    having
        sum(case when category = '(all)' then -complaints else complaints end) <> 0
        or sum(case when category = '(all)' then -followed else followed end) <> 0

    union all

    select
        'silent_customers' as mart,
        'an estimate does not hold' as finding
    from {{ ref('silent_customers') }}
    where
        estimated_silent + complainers <> estimated_dissatisfied
        or estimated_silent < 0

    union all

    select
        'satisfaction_and_churn' as mart,
        'a cell does not hold' as finding
    from {{ ref('satisfaction_and_churn') }}
    where
        lost > answers
        or people > answers

    union all

    select
        'product_experience' as mart,
        'a cell does not hold' as finding
    from {{ ref('product_experience') }}
    where
        lost > eligible
        or eligible > buyers
        or other_lost > other_eligible
        or other_lost < 0
        or refunded > buyers
        or complained > eligible
        or (not is_loss_complete and complaint_rate is not null)

    union all

    select
        'loyalty_programme' as mart,
        'a balance does not move by its points' as finding
    from {{ ref('loyalty_programme') }}
    where action = '(all)'
    qualify
        points_outstanding - lag(points_outstanding) over (
            partition by grain, tier
            order by period_start nulls first
        ) <> points_earned - points_redeemed - points_expired

    union all

    select
        'loyalty_programme' as mart,
        'tiers are not all' as finding
    from {{ ref('loyalty_programme') }}
    where action = '(all)'
    group by
        grain,
        period_start
    having
        sum(case when tier = '(all)' then -members else members end) <> 0
        or sum(case when tier = '(all)' then -points_earned else points_earned end) <> 0
        or sum(case when tier = '(all)' then -points_outstanding else points_outstanding end) <> 0

    union all

    -- reckoned apart: 2 good and 2 bad of 5
    select
        'net_score' as mart,
        'an interval is not the one reckoned apart' as finding
    where
        abs({{ net_score_low(7, 3, 10) }} - (2 * {{ wilson_low(7, 10) }} - 1)) > 1e-12
        or abs({{ net_score_high(7, 3, 10) }} - (2 * {{ wilson_high(7, 10) }} - 1)) > 1e-12
        or abs({{ net_score_low(2, 2, 5) }} + 0.595934) > 0.00001
        or abs({{ net_score_high(2, 2, 5) }} - 0.595934) > 0.00001
        or abs({{ net_score_high(5, 0, 5) }} - 1) > 1e-12
        or abs({{ mean_reach(3, 18, 110) }} - 1.131586) > 0.00001
        or {{ mean_reach(1, 7, 49) }} is not null

)

select * from findings
