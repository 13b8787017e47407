-- One row per subscription, item and stretch of time in which plan, price, quantity, discount and
-- status stay the same.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
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
        {{ local_day('starts_at') }} as starts_on,
        {{ local_day('ends_at') }} as ends_on,
        {{ local_day('cancel_requested_at') }} as cancel_requested_on
    from {{ source('landing', 'subscription_periods') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from subscription_periods

)

select * from final
