-- One row per quarter or year in which somebody joined the loyalty programme: joiners with a
-- purchase in it up to that day, against buyers of the period who had not joined by its end, of
-- like value and tenure before (each within a factor of two), followed for loyalty_effect_days.
-- Not causal.
{% set effect_days = var('loyalty_effect_days') %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        period_end
    from {{ ref('int_periods') }}
    where grain in ('quarter', 'year')

),

loyalty as (

    select
        customer_id,
        min(occurred_on) as joined_on
    from {{ ref('int_loyalty_known') }}
    group by customer_id

),

occasions as (

    select
        customer_id,
        occasion_on,
        net_revenue
    from {{ ref('int_purchase_occasions') }}

),

losses as (

    select
        customer_id,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'orders' and state = 'lost'

),

histories as (

    select
        customer_id,
        occasion_on,
        min(occasion_on) over (partition by customer_id) as first_on,
        sum(net_revenue) over (
            partition by customer_id
            order by occasion_on nulls first
            rows between unbounded preceding and current row
        ) as value_so_far
    from occasions

),

in_periods as (

    select
        periods.grain,
        periods.period_number,
        histories.customer_id,
        histories.occasion_on,
        histories.first_on,
        histories.value_so_far,
        loyalty.joined_on,
        coalesce(
            loyalty.joined_on >= periods.period_start
            and loyalty.joined_on < periods.period_end,
            false
        ) as is_joiner
    from histories
    inner join periods
        on
        histories.occasion_on >= periods.period_start
        and histories.occasion_on < periods.period_end
    left join loyalty
        on histories.customer_id = loyalty.customer_id
    where
        loyalty.joined_on is null
        or loyalty.joined_on >= periods.period_end
        or (
            loyalty.joined_on >= periods.period_start
            and loyalty.joined_on >= histories.occasion_on
        )

),

-- a joiner is followed from joining, as they stood at the purchase before; the others from their
-- first purchase of the period
anchors as (

    select
        grain,
        period_number,
        customer_id,
        is_joiner,
        case when is_joiner then joined_on else occasion_on end as followed_from,
        floor(
            {{ share('ln(1 + cast(greatest(value_so_far, 0) as double))', 'ln(2)') }}
        ) as value_class,
        floor(
            {{ share(
                'ln(1 + ' ~ share(days_between('first_on', 'occasion_on'), 30) ~ ')', 'ln(2)'
            ) }}
        ) as tenure_class
    from in_periods
    qualify
        row_number() over (
            partition by grain, period_number, customer_id
            order by
                case when is_joiner then occasion_on end desc nulls last,
                occasion_on asc nulls last
        ) = 1

),

seen as (

    select
        anchors.grain,
        anchors.period_number,
        anchors.customer_id,
        anchors.is_joiner,
        anchors.followed_from,
        {{ add_days('anchors.followed_from', effect_days) }} as followed_to,
        anchors.value_class,
        anchors.tenure_class
    from anchors
    cross join data_cutoff
    where {{ add_days('anchors.followed_from', effect_days) }} <= data_cutoff.cutoff_day

),

spent as (

    select
        seen.grain,
        seen.period_number,
        seen.customer_id,
        sum(occasions.net_revenue) as spend
    from seen
    inner join occasions
        on
        seen.customer_id = occasions.customer_id
        and seen.followed_from < occasions.occasion_on
        and seen.followed_to >= occasions.occasion_on
    group by
        seen.grain,
        seen.period_number,
        seen.customer_id

),

outcomes as (

    select
        seen.grain,
        seen.period_number,
        seen.value_class,
        seen.tenure_class,
        seen.is_joiner,
        coalesce(spent.spend, 0) as spend,
        losses.customer_id is null as is_retained
    from seen
    left join spent
        on
        seen.grain = spent.grain
        and seen.period_number = spent.period_number
        and seen.customer_id = spent.customer_id
    left join losses
        on
        seen.customer_id = losses.customer_id
        and seen.followed_to >= losses.valid_from
        and (losses.valid_to is null or seen.followed_to < losses.valid_to)

),

strata as (

    select
        grain,
        period_number,
        value_class,
        tenure_class,
        count(*) filter (where is_joiner) as joiners,
        count(*) filter (where is_joiner and is_retained) as joiners_retained,
        sum(case when is_joiner then spend else 0 end) as joiners_spend,
        count(*) filter (where not is_joiner) as others,
        count(*) filter (where not is_joiner and is_retained) as others_retained,
        sum(case when is_joiner then 0 else spend end) as others_spend
    from outcomes
    group by
        grain,
        period_number,
        value_class,
        tenure_class

),

final as (

    select
        grain,
        period_number,
        cast(sum(joiners) as bigint) as matched_members,
        cast(sum(joiners_retained) as bigint) as matched_members_retained,
        cast(sum(joiners_spend) as decimal(18, 2)) as matched_members_spend,
        cast(sum(others) as bigint) as matched_others,
        {{ exact_total(share('joiners * others_retained', 'others')) }} as expected_retained,
        {{ exact_total(share('joiners * others_spend', 'others')) }} as expected_spend
    from strata
    where joiners > 0 and others > 0
    group by
        grain,
        period_number

)

select * from final
