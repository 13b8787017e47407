-- One row per stretch of paid service with the same price, in whole local days: in service on the
-- days from starts_on to the day before ends_on. Stretches that begin and end on one day are not
-- there: at the end of every day they are off.
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

subscription_periods as (

    select
        subscription_id,
        item_id,
        kind,
        customer_id,
        plan_id,
        starts_at,
        ends_at,
        starts_on,
        ends_on,
        end_reason,
        quantity,
        unit_amount,
        case when discount_is_recurring then discount_amount else 0 end as discount_amount,
        billing_interval,
        billing_interval_count,
        currency,
        mrr_native,
        mrr
    from {{ ref('subscription_periods') }}
    where is_paid

),

final as (

    select
        subscription_periods.subscription_id,
        subscription_periods.item_id,
        subscription_periods.kind,
        subscription_periods.customer_id,
        subscription_periods.plan_id,
        subscription_periods.starts_at,
        subscription_periods.starts_on,
        case
            when subscription_periods.ends_on <= cutoff.cutoff_day then subscription_periods.ends_at
        end as ends_at,
        case
            when subscription_periods.ends_on <= cutoff.cutoff_day then subscription_periods.ends_on
        end as ends_on,
        subscription_periods.end_reason,
        subscription_periods.quantity,
        {{ monthly_amount(
            'subscription_periods.unit_amount',
            'subscription_periods.billing_interval',
            'subscription_periods.billing_interval_count'
        ) }} as unit_mrr_native,
        {{ monthly_amount(
            'subscription_periods.discount_amount',
            'subscription_periods.billing_interval',
            'subscription_periods.billing_interval_count'
        ) }} as discount_mrr_native,
        subscription_periods.currency,
        subscription_periods.mrr_native,
        subscription_periods.mrr
    from subscription_periods
    cross join cutoff
    where
        subscription_periods.starts_on <= cutoff.cutoff_day
        and (
            subscription_periods.ends_on is null
            or subscription_periods.starts_on < subscription_periods.ends_on
        )

)

select * from final
