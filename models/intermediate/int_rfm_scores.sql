-- One row per person with an order that counts in the lookback, at the cutoff day exactly: recency,
-- frequency, monetary and their scores (definitions §6, RFM). Equal values have equal scores (E95).
-- The segment map is asked for segment_frequency, 1 where all orders are of one day (E39), and with
-- it segment_recency, 5 where nobody's is better, however many share the last day (E99).
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

buyers as (

    select
        buyer_number,
        customer_id
    from {{ ref('int_buyer_numbers') }}

),

people as (

    select
        steps.buyer_number,
        {{ days_between('steps.last_order_on', 'data_cutoff.cutoff_day') }} as recency_days,
        steps.orders,
        steps.is_one_occasion,
        steps.cents,
        steps.scored_cents,
        steps.revenue_position
    from {{ ref('int_buyer_steps') }} as steps
    cross join data_cutoff
    where steps.valid_to is null

),

rfm_breaks as (

    select
        measure,
        score,
        break_value
    from {{ ref('rfm_breaks') }}

),

-- from worst to best
measured as (
    {% for measure, worth in [
        ('recency', '-recency_days'), ('frequency', 'orders'), ('monetary', 'scored_cents')
    ] %}
        {%- if not loop.first %}

            union all
        {% endif %}
        select
            '{{ measure }}' as measure,
            cast({{ worth }} as bigint) as worth,
            count(*) as value_people
        from people
        group by {{ worth }}
    {%- endfor %}

),

ranked as (

    select
        measure,
        worth,
        value_people,
        sum(value_people) over (
            partition by measure
            order by worth nulls first
            rows between unbounded preceding and current row
        ) - value_people as worse_people,
        sum(value_people) over (partition by measure) as people
    from measured

),

-- fifths tell nobody apart where nearly everybody bought once (E96)
rules as (

    select
        '{{ var("recency_score_rule") }}' = 'fixed' as is_recency_fixed,
        '{{ var("frequency_score_rule") }}' = 'fixed'
        or (
            '{{ var("frequency_score_rule") }}' = 'auto'
            and coalesce(
                cast(max(
                    case when measure = 'frequency' and worth = 1 then value_people end
                ) as double)
                >= {{ var('one_order_share') }} * cast(max(people) as double),
                false
            )
        ) as is_frequency_fixed,
        '{{ var("monetary_score_rule") }}' = 'fixed' as is_monetary_fixed
    from ranked

),

fixed as (

    select
        ranked.measure,
        ranked.worth,
        1 + count(rfm_breaks.score) as score
    from ranked
    left join rfm_breaks
        on
        ranked.measure = rfm_breaks.measure
        and ranked.worth >= case rfm_breaks.measure
            when 'recency' then -rfm_breaks.break_value
            when 'frequency' then rfm_breaks.break_value
            else rfm_breaks.break_value * 100
        end
    group by
        ranked.measure,
        ranked.worth

),

scores as (

    select
        ranked.measure,
        ranked.worth,
        case
            when
                (ranked.measure = 'recency' and rules.is_recency_fixed)
                or (ranked.measure = 'frequency' and rules.is_frequency_fixed)
                or (ranked.measure = 'monetary' and rules.is_monetary_fixed)
                then fixed.score
            else 1 + {{ integer_quotient('5 * ranked.worse_people', 'ranked.people') }}
        end as score
    from ranked
    inner join fixed
        on ranked.measure = fixed.measure
        and ranked.worth = fixed.worth
    cross join rules

),

recency_scores as (

    select
        worth,
        score,
        max(score) over () as best_score
    from scores
    where measure = 'recency'

),

frequency_scores as (

    select
        worth,
        score
    from scores
    where measure = 'frequency'

),

monetary_scores as (

    select
        worth,
        score
    from scores
    where measure = 'monetary'

),

scored as (

    select
        buyers.customer_id,
        people.recency_days,
        people.orders,
        people.cents,
        people.scored_cents,
        people.revenue_position,
        recency_scores.score as recency_score,
        recency_scores.best_score as best_recency_score,
        frequency_scores.score as frequency_score,
        monetary_scores.score as monetary_score,
        case when people.is_one_occasion then 1 else frequency_scores.score end
            as segment_frequency
    from people
    inner join buyers
        on people.buyer_number = buyers.buyer_number
    inner join recency_scores
        on -people.recency_days = recency_scores.worth
    inner join frequency_scores
        on people.orders = frequency_scores.worth
    inner join monetary_scores
        on people.scored_cents = monetary_scores.worth

),

final as (

    select
        customer_id,
        recency_days,
        orders as frequency,
        cast(cents * cast(0.01 as decimal(3, 2)) as decimal(18, 2)) as monetary,
        cast(floor(recency_score) as integer) as recency_score,
        cast(floor(frequency_score) as integer) as frequency_score,
        cast(floor(monetary_score) as integer) as monetary_score,
        cast(
            floor(
                case
                    when segment_frequency = 1 and recency_score = best_recency_score then 5
                    else recency_score
                end
            ) as integer
        ) as segment_recency,
        cast(floor(segment_frequency) as integer) as segment_frequency,
        scored_cents,
        revenue_position
    from scored

)

select * from final
