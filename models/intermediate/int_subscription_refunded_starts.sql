-- One row per subscription whose start was undone (E85): it ended within refunded_start_days of its
-- first service, and all that was paid for it was given back: by refunds of the orders its payments
-- name, or by negative payments. Where payments name neither, the inputs cannot say, and the start
-- stands; as it does where another subscription went on from its end (E64).
with

cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

services as (

    select
        source_name,
        subscription_id,
        min(starts_at) as starts_at,
        case when count(*) = count(ends_at) then max(ends_at) end as ends_at,
        max(replaced_at) as replaced_at
    from {{ ref('int_subscription_periods_known') }}
    where delivered_state in ('paid', 'past_due')
    group by source_name, subscription_id

),

short_services as (

    select
        source_name,
        subscription_id
    from services
    where
        {{ days_between(local_day('starts_at'), local_day('ends_at')) }}
        <= {{ var('refunded_start_days') }}
        and (replaced_at is null or replaced_at <> ends_at)

),

payments as (

    select
        stg_payments.source_name,
        stg_payments.subscription_id,
        stg_payments.order_id,
        stg_payments.amount
    from {{ ref('stg_payments') }} as stg_payments
    inner join short_services
        on
        stg_payments.source_name = short_services.source_name
        and stg_payments.subscription_id = short_services.subscription_id
    inner join cutoff
        on coalesce(stg_payments.paid_at, stg_payments.due_at) < cutoff.data_cutoff
    where stg_payments.status in ('succeeded', 'recovered')

),

refunds as (

    select
        stg_refunds.source_name,
        stg_refunds.order_id,
        sum(stg_refunds.amount) as amount
    from {{ ref('stg_refunds') }} as stg_refunds
    inner join cutoff on stg_refunds.refunded_at < cutoff.data_cutoff
    group by stg_refunds.source_name, stg_refunds.order_id

),

-- One order may be paid in several payments; its refunds count once (E41). A refund that is booked
-- as a negative payment too is one refund.
order_payments as (

    select
        source_name,
        subscription_id,
        order_id,
        sum(case when amount > 0 then amount else 0 end) as paid,
        sum(case when amount < 0 then -amount else 0 end) as given_back
    from payments
    group by source_name, subscription_id, order_id

),

totals as (

    select
        order_payments.source_name,
        order_payments.subscription_id,
        sum(order_payments.paid) as paid,
        sum(greatest(order_payments.given_back, coalesce(refunds.amount, 0))) as given_back
    from order_payments
    left join refunds
        on
        order_payments.source_name = refunds.source_name
        and order_payments.order_id = refunds.order_id
    group by order_payments.source_name, order_payments.subscription_id

),

final as (

    select
        source_name,
        subscription_id
    from totals
    where paid > 0 and given_back >= paid

)

select * from final
