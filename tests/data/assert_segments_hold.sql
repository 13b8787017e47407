-- Equal values have equal scores (E95); negative spend scores 1 (E97); nobody with orders of one
-- day is a champion or at risk, nor ever was, and with a recency score that nobody beats they are
-- new (E39, E99); spells do not overlap; where the cutoff day is a month's last, the open ones are
-- the segments of now; a month's open is the close of the one before, and every trait counts
-- everybody once.
with

segments as (

    select
        customer_id,
        recency_days,
        frequency,
        monetary,
        recency_score,
        frequency_score,
        monetary_score,
        rfm_segment,
        abc_class,
        tier
    from {{ ref('customer_segments') }}

),

one_day_buyers as (

    select customer_id
    from {{ ref('customers') }}
    where
        not is_test
        and {{ local_day('first_order_at') }} = {{ local_day('last_order_at') }}

),

-- an order cancelled since was known once
always_one_day_buyers as (

    select customer_id
    from {{ ref('int_order_stretches') }}
    where is_purchase
    group by customer_id
    having min(ordered_on) = max(ordered_on)

),

history as (

    select
        customer_id,
        valid_from,
        valid_to,
        recency_score,
        frequency_score,
        monetary_score,
        rfm_segment,
        abc_class,
        tier,
        lead(valid_from) over (partition by customer_id order by valid_from nulls first)
            as next_from
    from {{ ref('customer_segment_history') }}

),

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

month_ends as (

    select cutoff_day
    from data_cutoff
    where cutoff_day = last_day(cutoff_day)

),

migration as (

    select
        period_start,
        from_segment,
        to_segment,
        from_customers,
        customers
    from {{ ref('segment_migration') }}

),

profiles as (

    select
        trait,
        customers,
        lost_customers
    from {{ ref('segment_profiles') }}

),

unequal_scores as (
    {% for measure, score in [
        ('recency_days', 'recency_score'),
        ('frequency', 'frequency_score'),
        ('greatest(monetary, 0)', 'monetary_score'),
    ] %}
        {%- if not loop.first %}

            union all
        {% endif %}
        select 'equal values, unequal {{ score }}' as problem
        from segments
        where {{ score }} is not null
        group by {{ measure }}
        having min({{ score }}) <> max({{ score }})
    {%- endfor %}

),

best_scores as (

    select max(recency_score) as recency_score
    from segments

),

wrong_people as (

    select 'negative spend above score 1' as problem
    from segments
    where monetary < 0 and monetary_score > 1

    union all

    select 'orders of one day, and champion or at risk' as problem
    from segments
    left join one_day_buyers
        on segments.customer_id = one_day_buyers.customer_id
    where
        (segments.frequency = 1 or one_day_buyers.customer_id is not null)
        and segments.rfm_segment in ('champion', 'at_risk')

    union all

    select 'the best recency and frequency score 1 or orders of one day, and not new' as problem
    from segments
    cross join best_scores
    left join one_day_buyers
        on segments.customer_id = one_day_buyers.customer_id
    where
        (segments.frequency_score = 1 or one_day_buyers.customer_id is not null)
        and segments.recency_score = best_scores.recency_score
        and segments.rfm_segment <> 'new'

    union all

    select 'orders of one day, and once champion or at risk' as problem
    from history
    inner join always_one_day_buyers
        on history.customer_id = always_one_day_buyers.customer_id
    where history.rfm_segment in ('champion', 'at_risk')

    union all

    select 'an order and no segment, or the other way round' as problem
    from segments
    where (recency_score is null) <> (rfm_segment is null)

),

wrong_spells as (

    select 'a spell ends before it begins, or after the next began' as problem
    from history
    where
        valid_to <= valid_from
        or (next_from is not null and (valid_to is null or valid_to > next_from))

),

open_spells as (

    select
        customer_id,
        recency_score,
        frequency_score,
        monetary_score,
        rfm_segment,
        abc_class,
        tier
    from history
    where valid_to is null

),

wrong_now as (

    select 'at a month end history and now differ' as problem
    from segments
    full join open_spells
        on segments.customer_id = open_spells.customer_id
    -- nothing to say on another day
    cross join month_ends
    where
        segments.recency_score is distinct from open_spells.recency_score
        or segments.frequency_score is distinct from open_spells.frequency_score
        or segments.monetary_score is distinct from open_spells.monetary_score
        or segments.rfm_segment is distinct from open_spells.rfm_segment
        or segments.abc_class is distinct from open_spells.abc_class
        or (open_spells.tier is not null and segments.tier is distinct from open_spells.tier)

),

closes as (

    select
        {{ add_months('period_start', 1) }} as period_start,
        to_segment as rfm_segment,
        sum(customers) as customers
    from migration
    where to_segment <> '(none)'
    group by
        period_start,
        to_segment

),

opens as (

    select
        period_start,
        from_segment as rfm_segment,
        max(from_customers) as from_customers,
        sum(customers) as customers
    from migration
    where from_segment <> '(none)'
    group by
        period_start,
        from_segment

),

wrong_migration as (

    select 'a segment opens with other people than it closed with' as problem
    from opens
    left join closes
        on opens.period_start = closes.period_start
        and opens.rfm_segment = closes.rfm_segment
    where
        opens.from_customers <> opens.customers
        or opens.from_customers <> coalesce(closes.customers, 0)

),

trait_sums as (

    select
        trait,
        sum(customers) as customers,
        sum(lost_customers) as lost_customers
    from profiles
    group by trait

),

wrong_profiles as (

    select 'a trait does not count everybody once' as problem
    from trait_sums
    having
        min(customers) <> max(customers)
        or min(lost_customers) <> max(lost_customers)

)

select problem
from unequal_scores

union all

select problem
from wrong_people

union all

select problem
from wrong_spells

union all

select problem
from wrong_now

union all

select problem
from wrong_migration

union all

select problem
from wrong_profiles
