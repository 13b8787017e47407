-- One row per parent account and unbroken stretch [valid_from, valid_to) of local days in which the
-- accounts below it and itself are served (some is), paused (none is, some is paused) or neither:
-- int_subscription_services one level up, for those in int_customer_parents alone.
with

parents as (

    select
        customer_id,
        parent_customer_id
    from {{ ref('int_customer_parents') }}

),

services as (

    select
        parents.parent_customer_id,
        services.service,
        services.valid_from,
        services.valid_to
    from {{ ref('int_subscription_services') }} as services
    inner join parents
        on services.customer_id = parents.customer_id

),

-- Who is neither takes part too: the first row of a person may be that (they came and went).
changes as (

    select
        parent_customer_id,
        valid_from as changed_on,
        case when service = 'served' then 1 else 0 end as served_accounts,
        case when service = 'paused' then 1 else 0 end as paused_accounts
    from services

    union all

    select
        parent_customer_id,
        valid_to as changed_on,
        case when service = 'served' then -1 else 0 end as served_accounts,
        case when service = 'paused' then -1 else 0 end as paused_accounts
    from services
    where valid_to is not null

),

day_changes as (

    select
        parent_customer_id,
        changed_on,
        sum(served_accounts) as served_accounts,
        sum(paused_accounts) as paused_accounts
    from changes
    group by
        parent_customer_id,
        changed_on

),

balances as (

    select
        parent_customer_id,
        changed_on,
        case
            when sum(served_accounts) over days_so_far > 0 then 'served'
            when sum(paused_accounts) over days_so_far > 0 then 'paused'
            else 'none'
        end as service
    from day_changes
    window
        days_so_far as (
            partition by parent_customer_id
            order by changed_on nulls first
            rows between unbounded preceding and current row
        )

),

followed as (

    select
        *,
        lag(service) over (
            partition by parent_customer_id
            order by changed_on nulls first
        ) as previous_service
    from balances

),

final as (

    select
        parent_customer_id,
        service,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by parent_customer_id
            order by changed_on nulls first
        ) as valid_to
    from followed
    where previous_service is null or previous_service <> service

)

select * from final
