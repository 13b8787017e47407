-- One row per person and unbroken stretch [valid_from, valid_to) of local days in which they are
-- served (some item is paid for at the day's end), paused (none is, some item is paused, and they
-- were served before) or neither: gap-free from the first day of paid service on, the last one
-- open. However long a pause is: its days of grace come in int_subscription_spells.
with

stretches as (

    select
        customer_id,
        service_state,
        is_paid,
        starts_on,
        ends_on
    from {{ ref('int_subscription_stretches') }}
    where is_paid or service_state = 'paused'

),

entries as (

    select
        customer_id,
        min(starts_on) as first_paid_on
    from stretches
    where is_paid
    group by customer_id

),

changes as (

    select
        customer_id,
        starts_on as changed_on,
        case when is_paid then 1 else 0 end as paid_items,
        case when is_paid then 0 else 1 end as paused_items
    from stretches

    union all

    select
        customer_id,
        ends_on as changed_on,
        case when is_paid then -1 else 0 end as paid_items,
        case when is_paid then 0 else -1 end as paused_items
    from stretches
    where ends_on is not null

),

day_changes as (

    select
        customer_id,
        changed_on,
        sum(paid_items) as paid_items,
        sum(paused_items) as paused_items
    from changes
    group by customer_id, changed_on

),

balances as (

    select
        customer_id,
        changed_on,
        sum(paid_items) over days_so_far as paid_items,
        sum(paused_items) over days_so_far as paused_items
    from day_changes
    window
        days_so_far as (
            partition by customer_id
            order by changed_on nulls first
            rows between unbounded preceding and current row
        )

),

services as (

    select
        balances.customer_id,
        balances.changed_on,
        case
            when balances.paid_items > 0 then 'served'
            when balances.paused_items > 0 then 'paused'
            else 'none'
        end as service
    from balances
    inner join entries
        on
        balances.customer_id = entries.customer_id
        and balances.changed_on >= entries.first_paid_on

),

service_changes as (

    select
        *,
        lag(service) over (
            partition by customer_id
            order by changed_on nulls first
        ) as previous_service
    from services

),

-- A pause that follows a loss is none: the person was not served when it began.
services_counted as (

    select
        customer_id,
        changed_on,
        case
            when service = 'paused' and previous_service = 'none' then 'none'
            else service
        end as service
    from service_changes
    where previous_service is null or previous_service != service

),

services_followed as (

    select
        *,
        lag(service) over (
            partition by customer_id
            order by changed_on nulls first
        ) as previous_service
    from services_counted

),

final as (

    select
        customer_id,
        service,
        previous_service,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by customer_id
            order by changed_on nulls first
        ) as valid_to
    from services_followed
    where previous_service is null or previous_service != service

)

select * from final
