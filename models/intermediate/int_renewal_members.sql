-- One row per person who ever subscribed for more than part of a day: in which group the renewals
-- of their first service are counted (first plan, months between its payments, year it began; small
-- groups together), how many renewals they were seen to come to, and at which they left
-- (definitions §5).
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

members as (

    select
        customer_id,
        tenure_from as first_day,
        tenure_to as lost_on
    from {{ ref('int_subscriber_tenures') }}
    where tenure_number = 1

),

subscription_periods as (

    select
        customer_id,
        subscription_id,
        item_id,
        plan_id,
        starts_on,
        ends_on,
        billing_interval,
        billing_interval_count,
        mrr
    from {{ ref('subscription_periods') }}
    where is_paid

),

-- the dearest item of the first day says how often is paid; weeks and days as a month. Where what
-- the first day began with was gone by its end, the first that stood
first_plans as (

    select
        members.customer_id,
        members.first_day,
        members.lost_on,
        coalesce(subscription_periods.plan_id, '(none)') as plan_id,
        cast(
            case subscription_periods.billing_interval
                when 'year' then 12 * subscription_periods.billing_interval_count
                when 'quarter' then 3 * subscription_periods.billing_interval_count
                when 'month' then subscription_periods.billing_interval_count
                else 1
            end as integer
        ) as period_months
    from members
    inner join subscription_periods
        on
        members.customer_id = subscription_periods.customer_id
        and (
            subscription_periods.ends_on is null
            or (
                members.first_day < subscription_periods.ends_on
                and subscription_periods.starts_on < subscription_periods.ends_on
            )
        )
        and (members.lost_on is null or members.lost_on > subscription_periods.starts_on)
    qualify
        row_number() over (
            partition by members.customer_id
            order by
                greatest(subscription_periods.starts_on, members.first_day) asc nulls last,
                subscription_periods.mrr desc nulls last,
                subscription_periods.subscription_id asc nulls last,
                subscription_periods.item_id asc nulls last,
                subscription_periods.starts_on asc nulls last
        ) = 1

),

counted as (

    select
        first_plans.customer_id,
        first_plans.first_day,
        first_plans.plan_id,
        first_plans.period_months,
        first_plans.lost_on,
        year(first_plans.first_day) as start_year,
        {{ whole_months('first_plans.first_day', 'cutoff.cutoff_day') }} as months_seen,
        {{ whole_months('first_plans.first_day', 'first_plans.lost_on') }} as months_served
    from first_plans
    cross join cutoff

),

periods as (

    select
        customer_id,
        first_day,
        plan_id,
        period_months,
        start_year,
        lost_on,
        cast(floor(cast(months_seen as double) / nullif(period_months, 0)) as integer)
            as periods_seen,
        cast(floor(cast(months_served as double) / nullif(period_months, 0)) as integer)
            as periods_served,
        -- who was seen to come to a renewal, or not to come
        count_if(months_seen >= period_months) over (
            partition by plan_id, period_months, start_year
        ) as group_people
    from counted

),

final as (

    select
        customer_id,
        first_day,
        plan_id || ', '
        || case
            when period_months = 1 then 'monthly'
            when period_months = 3 then 'quarterly'
            when period_months = 12 then 'yearly'
            else 'every ' || cast(period_months as string) || ' months'
        end
        || case
            when group_people >= {{ var('min_customers') }}
                then ', ' || cast(start_year as string)
            else ', other years'
        end as segment,
        period_months,
        periods_seen,
        -- who leaves between two renewals did not come to the next one
        case
            when lost_on is null then null
            when
                {{ add_months('first_day', 'periods_served * period_months') }} = lost_on
                and periods_served > 0
                then periods_served
            else periods_served + 1
        end as lost_at_period
    from periods

)

select * from final
