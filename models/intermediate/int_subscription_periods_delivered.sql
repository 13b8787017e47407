-- One row per delivered stretch of one item: those that stand, and those of subscriptions that were
-- deleted at source as a whole (E82), with the instant from which they were no longer served. A
-- stretch deleted beside others that stand is a correction, and gone.
with

standing as (

    select
        source_name,
        subscription_id,
        item_id,
        starts_at,
        kind,
        ends_at,
        customer_id,
        plan_id,
        status,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        cancel_requested_at,
        cancel_reason,
        replaces_subscription_id
    from {{ ref('stg_subscription_periods') }}

),

deleted as (

    select
        source_name,
        subscription_id,
        item_id,
        starts_at,
        kind,
        ends_at,
        customer_id,
        plan_id,
        status,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        cancel_requested_at,
        cancel_reason,
        replaces_subscription_id,
        deleted_at
    from {{ ref('stg_subscription_periods_deleted') }}
    where customer_id is not null and unit_amount is not null

),

standing_subscriptions as (

    select distinct
        source_name,
        subscription_id
    from standing

),

-- A delivery tells of the days that were over when it came: the last of them is the first without
-- service.
deleted_subscriptions as (

    select
        deleted.source_name,
        deleted.subscription_id,
        {{ day_begins_at(add_days(local_day('max(deleted.deleted_at)'), -1)) }} as gone_at
    from deleted
    left join standing_subscriptions
        on
        deleted.source_name = standing_subscriptions.source_name
        and deleted.subscription_id = standing_subscriptions.subscription_id
    where standing_subscriptions.subscription_id is null
    group by
        deleted.source_name,
        deleted.subscription_id

),

final as (

    select
        source_name,
        subscription_id,
        item_id,
        starts_at,
        kind,
        ends_at,
        customer_id,
        plan_id,
        status,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        cancel_requested_at,
        cancel_reason,
        replaces_subscription_id,
        cast(null as timestamp) as gone_at
    from standing

    union all

    select
        deleted.source_name,
        deleted.subscription_id,
        deleted.item_id,
        deleted.starts_at,
        deleted.kind,
        deleted.ends_at,
        deleted.customer_id,
        deleted.plan_id,
        deleted.status,
        deleted.quantity,
        deleted.unit_amount,
        deleted.discount_amount,
        deleted.discount_is_recurring,
        deleted.billing_interval,
        deleted.billing_interval_count,
        deleted.currency,
        deleted.cancel_requested_at,
        deleted.cancel_reason,
        deleted.replaces_subscription_id,
        deleted_subscriptions.gone_at
    from deleted
    inner join deleted_subscriptions
        on
        deleted.source_name = deleted_subscriptions.source_name
        and deleted.subscription_id = deleted_subscriptions.subscription_id

)

select * from final
