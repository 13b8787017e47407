-- One row per person who speaks for the business, with the evidence: promoter in their latest NPS
-- answer, referrer of others, sharer or reviewer, or in the highest loyalty tier (definitions §6).
-- Referred revenue is what those referred brought themselves, not what those brought further.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

surveys as (

    select
        customer_id,
        response_id,
        sent_at,
        responded_at,
        responded_on,
        score,
        score_band
    from {{ ref('int_survey_responses_known') }}
    where survey = 'nps' and score is not null

),

referrals as (

    select
        customer_id,
        referrer_id
    from {{ ref('int_referrals_known') }}

),

customers as (

    select
        customer_id,
        valid_orders,
        net_revenue,
        lifecycle_state
    from {{ ref('customers') }}
    where not is_test

),

subscription_periods as (

    select
        customer_id,
        starts_on,
        ends_on,
        mrr
    from {{ ref('subscription_periods') }}
    where is_paid and mrr > 0

),

loyalty_events as (

    select
        customer_id,
        occurred_on
    from {{ ref('int_loyalty_known') }}
    where action in ('share', 'review')

),

current_tiers as (

    select
        customer_id,
        tier,
        valid_from
    from {{ ref('int_loyalty_tiers') }}
    where valid_to is null

),

loyalty_tiers as (

    select
        tier,
        position
    from {{ ref('loyalty_tiers') }}

),

-- of two at one instant, the one sent later, as in satisfaction
latest_answers as (

    select
        customer_id,
        score,
        score_band,
        responded_on
    from surveys
    qualify
        row_number() over (
            partition by customer_id
            order by
                responded_at desc nulls last,
                sent_at desc nulls last,
                response_id desc nulls last
        ) = 1

),

promoters as (

    select
        customer_id,
        score,
        responded_on
    from latest_answers
    where score_band = 'promoter'

),

-- the MRR at each month's close, of the running month at the cutoff, as in acquisition_payback; a
-- planned end is none yet
services as (

    select
        subscription_periods.customer_id,
        sum(
            subscription_periods.mrr * (
                case
                    when subscription_periods.ends_on <= data_cutoff.cutoff_day
                        then {{ period_number("'month'", 'subscription_periods.ends_on') }}
                    else {{ period_number("'month'", 'data_cutoff.cutoff_day') }} + 1
                end
                - {{ period_number("'month'", 'subscription_periods.starts_on') }}
            )
        ) as subscription_revenue
    from subscription_periods
    inner join data_cutoff
        on subscription_periods.starts_on <= data_cutoff.cutoff_day
    group by subscription_periods.customer_id

),

referrers as (

    select
        referrals.referrer_id as customer_id,
        count(*) as referred_people,
        cast(
            count_if(customers.valid_orders > 0 or customers.lifecycle_state <> 'prospect')
            as bigint
        ) as referred_customers,
        sum(customers.net_revenue) as referred_revenue,
        sum(services.subscription_revenue) as referred_subscription_revenue
    from referrals
    inner join customers
        on referrals.customer_id = customers.customer_id
    left join services
        on referrals.customer_id = services.customer_id
    group by referrals.referrer_id

),

sharers as (

    select
        customer_id,
        count(*) as shares,
        max(occurred_on) as last_shared_on
    from loyalty_events
    group by customer_id

),

highest_tiers as (

    select max(position) as position
    from loyalty_tiers

),

high_tiers as (

    select
        current_tiers.customer_id,
        current_tiers.tier,
        current_tiers.valid_from
    from current_tiers
    inner join loyalty_tiers
        on current_tiers.tier = loyalty_tiers.tier
    inner join highest_tiers
        on loyalty_tiers.position = highest_tiers.position

),

final as (

    select
        customers.customer_id,
        promoters.customer_id is not null as is_promoter,
        cast(floor(promoters.score) as integer) as nps_score,
        promoters.responded_on as nps_responded_on,
        referrers.customer_id is not null as is_referrer,
        coalesce(referrers.referred_people, 0) as referred_people,
        coalesce(referrers.referred_customers, 0) as referred_customers,
        cast(coalesce(referrers.referred_revenue, 0) as decimal(18, 2)) as referred_revenue,
        cast(coalesce(referrers.referred_subscription_revenue, 0) as decimal(18, 2))
            as referred_subscription_revenue,
        sharers.customer_id is not null as is_sharer,
        coalesce(sharers.shares, 0) as shares,
        sharers.last_shared_on,
        high_tiers.customer_id is not null as is_high_tier,
        high_tiers.tier,
        high_tiers.valid_from as tier_since,
        case when promoters.customer_id is null then 0 else 1 end
        + case when referrers.customer_id is null then 0 else 1 end
        + case when sharers.customer_id is null then 0 else 1 end
        + case when high_tiers.customer_id is null then 0 else 1 end as kinds_of_evidence,
        customers.lifecycle_state
    from customers
    left join promoters
        on customers.customer_id = promoters.customer_id
    left join referrers
        on customers.customer_id = referrers.customer_id
    left join sharers
        on customers.customer_id = sharers.customer_id
    left join high_tiers
        on customers.customer_id = high_tiers.customer_id
    where
        promoters.customer_id is not null
        or referrers.customer_id is not null
        or sharers.customer_id is not null
        or high_tiers.customer_id is not null

)

select * from final
