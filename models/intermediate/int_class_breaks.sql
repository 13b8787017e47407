-- One row per whole month, measure (recency, frequency, monetary, value_class) and level from 2 up:
-- who lies above above_value is on it (definitions §6). Taken at the month's end, in force to the
-- next one's, as the lapse point is. Recency in day numbers, monetary in cents, value_class (2 B,
-- 3 A) in revenue positions. Exact: within the bucket of a break people are put in order.
with

months as (

    select
        period_number as month_number,
        {{ add_days('period_end', -1) }} as month_end,
        {{ add_days(period_first_day("'month'", 'period_number + 2'), -1) }} as next_month_end
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

histograms as (

    select
        measure,
        month_number,
        bucket,
        people,
        cents,
        people_to,
        cents_to
    from {{ ref('int_class_histograms') }}

),

steps as (

    select
        from_month,
        to_month,
        scored_cents,
        revenue_position,
        revenue_bucket
    from {{ ref('int_buyer_steps') }}
    where to_month is null or from_month < to_month

),

rfm_breaks as (

    select
        measure,
        score,
        break_value
    from {{ ref('rfm_breaks') }}

),

totals as (

    select
        month_number,
        max(people_to) as people,
        max(cents_to) as cents
    from histograms
    where measure = 'revenue'
    group by month_number

),

scores as (
    {% for score in range(2, 6) %}
        {%- if not loop.first %}

            union all
        {% endif %}
        select {{ score }} as level
    {%- endfor %}

),

-- who is at or before this place from the bottom does not reach the score
places as (

    select
        totals.month_number,
        scores.level,
        {{ integer_quotient('(scores.level - 1) * totals.people + 4', '5') }} as place
    from totals
    cross join scores

),

-- days and numbers of orders are their own buckets
ranked_buckets as (

    select
        histograms.measure,
        histograms.month_number,
        places.level,
        places.place,
        histograms.bucket,
        histograms.people_to - histograms.people as people_before
    from histograms
    inner join places
        on
        histograms.month_number = places.month_number
        and histograms.people_to - histograms.people < places.place
        and histograms.people_to >= places.place

),

classes as (

    select
        2 as level,
        cast(floor(round((1 - {{ var('abc_b_share') }}) * 10000)) as bigint) as below_share

    union all

    select
        3 as level,
        cast(floor(round((1 - {{ var('abc_a_share') }}) * 10000)) as bigint) as below_share

),

-- what the level leaves below it, of the revenue; nobody reaches it where there is none
shares as (

    select
        totals.month_number,
        classes.level,
        classes.below_share * totals.cents as cents_10000
    from totals
    cross join classes
    where totals.cents > 0

),

share_buckets as (

    select
        histograms.month_number,
        shares.level,
        shares.cents_10000,
        min(histograms.bucket) as bucket,
        min(histograms.cents_to - histograms.cents) as cents_before
    from histograms
    inner join shares
        on
        histograms.month_number = shares.month_number
        and 10000 * histograms.cents_to > shares.cents_10000
    where histograms.measure = 'revenue'
    group by
        histograms.month_number,
        shares.level,
        shares.cents_10000

),

-- only the people of the bucket that holds a break are put in order
bucket_places as (

    select
        ranked_buckets.month_number,
        ranked_buckets.level,
        ranked_buckets.place,
        steps.scored_cents,
        ranked_buckets.people_before + row_number() over (
            partition by ranked_buckets.month_number, ranked_buckets.level
            order by steps.revenue_position nulls first
        ) as own_place
    from ranked_buckets
    inner join steps
        on
        ranked_buckets.bucket = steps.revenue_bucket
        and ranked_buckets.month_number >= steps.from_month
        and (steps.to_month is null or ranked_buckets.month_number < steps.to_month)
    where ranked_buckets.measure = 'revenue'

),

bucket_shares as (

    select
        share_buckets.month_number,
        share_buckets.level,
        share_buckets.cents_10000,
        steps.revenue_position,
        share_buckets.cents_before + sum(steps.scored_cents) over (
            partition by share_buckets.month_number, share_buckets.level
            order by steps.revenue_position nulls first
            rows between unbounded preceding and current row
        ) as cents_to
    from share_buckets
    inner join steps
        on
        share_buckets.bucket = steps.revenue_bucket
        and share_buckets.month_number >= steps.from_month
        and (steps.to_month is null or share_buckets.month_number < steps.to_month)

),

ranked as (

    select
        measure,
        month_number,
        level,
        bucket as above_value
    from ranked_buckets
    where measure in ('recency', 'frequency')

    union all

    select
        'monetary' as measure,
        month_number,
        level,
        scored_cents as above_value
    from bucket_places
    where place = own_place

    union all

    select
        'value_class' as measure,
        month_number,
        level,
        min(revenue_position) - 1 as above_value
    from bucket_shares
    where 10000 * cents_to > cents_10000
    group by
        month_number,
        level

),

fixed as (

    select
        rfm_breaks.measure,
        totals.month_number,
        rfm_breaks.score as level,
        case rfm_breaks.measure
            when 'recency'
                then
                    {{ days_between("date '1900-01-01'", 'months.month_end') }}
                    - cast(floor(rfm_breaks.break_value) as bigint) - 1
            when 'frequency' then cast(floor(rfm_breaks.break_value) as bigint) - 1
            else cast(floor(rfm_breaks.break_value * 100) as bigint) - 1
        end as above_value
    from totals
    inner join months
        on totals.month_number = months.month_number
    cross join rfm_breaks

),

-- the rule of a measure may differ from month to month where it depends on the people (E96)
rules as (

    select
        months.month_number,
        '{{ var("recency_score_rule") }}' = 'fixed' as is_recency_fixed,
        '{{ var("frequency_score_rule") }}' = 'fixed'
        or (
            '{{ var("frequency_score_rule") }}' = 'auto'
            and coalesce(
                cast(one_order.people as double)
                >= {{ var('one_order_share') }} * cast(totals.people as double),
                false
            )
        ) as is_frequency_fixed,
        '{{ var("monetary_score_rule") }}' = 'fixed' as is_monetary_fixed
    from months
    inner join totals
        on months.month_number = totals.month_number
    left join histograms as one_order
        on
        months.month_number = one_order.month_number
        and one_order.measure = 'frequency'
        and one_order.bucket = 1

),

breaks as (

    select
        ranked.measure,
        ranked.month_number,
        ranked.level,
        ranked.above_value
    from ranked
    inner join rules
        on ranked.month_number = rules.month_number
    where
        ranked.measure = 'value_class'
        or (ranked.measure = 'recency' and not rules.is_recency_fixed)
        or (ranked.measure = 'frequency' and not rules.is_frequency_fixed)
        or (ranked.measure = 'monetary' and not rules.is_monetary_fixed)

    union all

    select
        fixed.measure,
        fixed.month_number,
        fixed.level,
        fixed.above_value
    from fixed
    inner join rules
        on fixed.month_number = rules.month_number
    where
        (fixed.measure = 'recency' and rules.is_recency_fixed)
        or (fixed.measure = 'frequency' and rules.is_frequency_fixed)
        or (fixed.measure = 'monetary' and rules.is_monetary_fixed)

),

final as (

    select
        breaks.measure,
        breaks.month_number,
        months.month_end as in_force_from,
        months.next_month_end as in_force_to,
        cast(breaks.level as integer) as level,
        cast(breaks.above_value as bigint) as above_value
    from breaks
    inner join months
        on breaks.month_number = months.month_number

)

select * from final
