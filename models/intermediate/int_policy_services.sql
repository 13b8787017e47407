-- One row per policy, person and unbroken stretch [valid_from, valid_to) of local days in which
-- they are served, paused or neither at the day's end: int_subscription_services as each policy
-- sees it (definitions §4, Policies). first_served_on is the first day of service ever.
with

stretches as (

    select
        policy,
        customer_id,
        service,
        starts_on,
        ends_on
    from {{ ref('int_policy_stretches') }}

),

entries as (

    select
        policy,
        customer_id,
        min(starts_on) as first_served_on
    from stretches
    where service = 'served'
    group by
        policy,
        customer_id

),

changes as (

    select
        policy,
        customer_id,
        starts_on as changed_on,
        case when service = 'served' then 1 else 0 end as served_items,
        case when service = 'paused' then 1 else 0 end as paused_items
    from stretches

    union all

    select
        policy,
        customer_id,
        ends_on as changed_on,
        case when service = 'served' then -1 else 0 end as served_items,
        case when service = 'paused' then -1 else 0 end as paused_items
    from stretches
    where ends_on is not null

),

day_changes as (

    select
        policy,
        customer_id,
        changed_on,
        sum(served_items) as served_items,
        sum(paused_items) as paused_items
    from changes
    group by
        policy,
        customer_id,
        changed_on

),

balances as (

    select
        policy,
        customer_id,
        changed_on,
        sum(served_items) over days_so_far as served_items,
        sum(paused_items) over days_so_far as paused_items
    from day_changes
    window
        days_so_far as (
            partition by policy, customer_id
            order by changed_on nulls first
            rows between unbounded preceding and current row
        )

),

services as (

    select
        balances.policy,
        balances.customer_id,
        entries.first_served_on,
        balances.changed_on,
        case
            when balances.served_items > 0 then 'served'
            when balances.paused_items > 0 then 'paused'
            else 'none'
        end as service
    from balances
    inner join entries
        on
        balances.policy = entries.policy
        and balances.customer_id = entries.customer_id
        and balances.changed_on >= entries.first_served_on

),

service_changes as (

    select
        *,
        lag(service) over (
            partition by policy, customer_id
            order by changed_on nulls first
        ) as previous_service
    from services

),

-- A pause that follows a loss is none.
services_counted as (

    select
        policy,
        customer_id,
        first_served_on,
        changed_on,
        case
            when service = 'paused' and previous_service = 'none' then 'none'
            else service
        end as service
    from service_changes
    where previous_service is null or previous_service <> service

),

services_followed as (

    select
        *,
        lag(service) over (
            partition by policy, customer_id
            order by changed_on nulls first
        ) as previous_service
    from services_counted

),

final as (

    select
        policy,
        customer_id,
        service,
        first_served_on,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by policy, customer_id
            order by changed_on nulls first
        ) as valid_to
    from services_followed
    where previous_service is null or previous_service <> service

)

select * from final
