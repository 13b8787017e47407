-- One row per policy of seeds/metric_policies and priced stretch in which an item is served (paid
-- for, as the policy sees it) or paused, in whole local days: what the policy says of the end of
-- service, of delinquency and of coupons is decided here (definitions §4, Policies).
with

policies as (

    select
        policy,
        churn_date,
        delinquency,
        coupons
    from {{ ref('metric_policies') }}

),

stretches as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        planned_ends_at,
        starts_on,
        ends_on,
        customer_id,
        status,
        service_state,
        is_paid,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        mrr_native,
        cancel_requested_at,
        replaced_at
    from {{ ref('int_subscription_stretches') }}

),

-- A request to cancel stands on one item and ends all that ends with it. What its status calls
-- served is unpaid because the days of grace are over, or since a trial that was never paid for.
followed as (

    select
        *,
        service_state = 'unpaid' and status <> 'unpaid' as is_cut,
        coalesce(lag(is_paid) over item_stretches, false) as was_paid,
        coalesce(
            lead(starts_at) over item_stretches = ends_at and lead(is_paid) over item_stretches,
            false
        )
        or coalesce(replaced_at = ends_at, false) as is_continued,
        min(cancel_requested_at) over (
            partition by source_name, subscription_id, coalesce(ends_at, planned_ends_at)
        ) as requested_at
    from stretches
    window
        item_stretches as (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
        )

),

dated as (

    select
        *,
        case when is_paid and not is_continued then {{ local_day('requested_at') }} end
            as requested_on,
        case
            when is_cut and was_paid
                then {{ add_days('starts_on', '-' ~ var('delinquency_grace_days')) }}
        end as failed_on
    from followed

),

stopped as (

    select
        *,
        min(requested_on) over (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
            rows between current row and unbounded following
        ) as next_requested_on,
        min(failed_on) over (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
            rows between 1 following and unbounded following
        ) as next_failed_on
    from dated

),

priced as (

    select
        policies.policy,
        policies.churn_date,
        policies.delinquency,
        policies.coupons,
        stopped.*,
        greatest(
            cast(
                round(cast(stopped.quantity as decimal(19, 6)) * stopped.unit_amount, 6)
                as decimal(18, 6)
            )
            - case
                when policies.coupons = 'none' then 0
                when policies.coupons = 'all' or stopped.discount_is_recurring
                    then stopped.discount_amount
                else 0
            end,
            0
        ) as net_amount
    from stopped
    cross join policies
    where
        stopped.service_state in ('paid', 'past_due', 'free', 'paused')
        or (stopped.is_cut and policies.delinquency = 'until_cancelled')

),

valued as (

    select
        policy,
        customer_id,
        currency,
        case when service_state = 'paused' then 'paused' else 'served' end as service,
        starts_on,
        ends_on,
        case
            when churn_date = 'cancel_request' and service_state <> 'paused' then next_requested_on
        end as requested_on,
        case
            when delinquency = 'first_failure' and service_state <> 'paused' then next_failed_on
        end as failed_on,
        case
            when service_state = 'paused' then 0
            when is_paid and coupons = 'recurring' then mrr_native
            else {{ monthly_amount('net_amount', 'billing_interval', 'billing_interval_count') }}
        end as mrr_native
    from priced

),

-- the year 9999 stands for no end
ended as (

    select
        policy,
        customer_id,
        currency,
        service,
        starts_on,
        nullif(
            least(
                coalesce(ends_on, cast('9999-12-31' as date)),
                coalesce(requested_on, cast('9999-12-31' as date)),
                coalesce(failed_on, cast('9999-12-31' as date))
            ),
            cast('9999-12-31' as date)
        ) as ends_on,
        mrr_native
    from valued
    where service = 'paused' or mrr_native > 0

),

final as (

    select
        policy,
        customer_id,
        service,
        currency,
        starts_on,
        ends_on,
        cast(mrr_native as decimal(18, 6)) as mrr_native
    from ended
    where ends_on is null or ends_on >= starts_on

)

select * from final
