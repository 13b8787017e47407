-- One row per subscription, item and stretch of time that was deleted at source, as it last was,
-- and when the deletion was delivered.
with

subscription_periods as (

    select
        _source as source_name,
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
        _loaded_at as deleted_at
    from {{ source('landing', 'subscription_periods') }}
    where _is_deleted and not _is_held

),

final as (

    select * from subscription_periods

)

select * from final
