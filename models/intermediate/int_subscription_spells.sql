-- One row per person and spell of the subscriptions basis: [valid_from, valid_to) in whole local
-- days, gap-free from the first day of paid service on, the last one open. A day's state is the
-- state at its end, so moves within one day net out (E58); only who came and went on their very
-- first day keeps an empty first spell (valid_from = valid_to). Who never paid is not there (E67).
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

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
        entries.first_paid_on,
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

services_merged as (

    select
        customer_id,
        first_paid_on,
        changed_on,
        service,
        previous_service,
        lead(changed_on) over (
            partition by customer_id
            order by changed_on nulls first
        ) as next_changed_on
    from service_changes
    where previous_service is null or previous_service != service

),

-- A pause that follows a loss is none: the person was not served when it began.
states as (

    select
        customer_id,
        changed_on as valid_from,
        1 as state_order,
        case
            when service = 'served' then 'active'
            when service = 'paused' and (previous_service is null or previous_service = 'served')
                then 'paused'
            else 'lost'
        end as state
    from services_merged

    union all

    -- E71, E72: kept for the days of grace, then lost
    select
        services_merged.customer_id,
        {{ add_days('services_merged.changed_on', var('pause_grace_days')) }} as valid_from,
        2 as state_order,
        'lost' as state
    from services_merged
    inner join cutoff
        on
        {{ add_days('services_merged.changed_on', var('pause_grace_days')) }}
        <= cutoff.cutoff_day
    where
        services_merged.service = 'paused'
        and (
            services_merged.previous_service is null
            or services_merged.previous_service = 'served'
        )
        and (
            services_merged.next_changed_on is null
            or services_merged.next_changed_on
            > {{ add_days('services_merged.changed_on', var('pause_grace_days')) }}
        )

    union all

    -- came and went on the first day
    select
        customer_id,
        first_paid_on as valid_from,
        0 as state_order,
        'active' as state
    from services_merged
    where previous_service is null and service != 'served'

),

state_changes as (

    select
        *,
        lag(state) over (
            partition by customer_id
            order by valid_from nulls first, state_order nulls first
        ) as previous_state
    from states

),

runs as (

    select
        customer_id,
        valid_from,
        state_order,
        case when state = 'active' and previous_state = 'lost' then 'returned' else state end
            as state,
        lead(valid_from) over (
            partition by customer_id
            order by valid_from nulls first, state_order nulls first
        ) as valid_to
    from state_changes
    where previous_state is null or previous_state != state

),

-- What an occasion is for orders, the start of a further paid stretch is here: after it a returned
-- person is active.
renewals as (

    select
        runs.customer_id,
        runs.valid_from as returned_on,
        min(stretches.starts_on) as renewed_on
    from runs
    inner join stretches
        on
        runs.customer_id = stretches.customer_id
        and runs.valid_from < stretches.starts_on
        and (runs.valid_to is null or runs.valid_to > stretches.starts_on)
    where
        runs.state = 'returned'
        and stretches.service_state = 'paid'
        and (stretches.ends_on is null or stretches.ends_on > stretches.starts_on)
    group by runs.customer_id, runs.valid_from

),

spells as (

    select
        customer_id,
        valid_from,
        state_order,
        state
    from runs

    union all

    select
        customer_id,
        renewed_on as valid_from,
        1 as state_order,
        'active' as state
    from renewals

),

final as (

    select
        customer_id,
        cast(row_number() over person_spells as integer) as spell_number,
        state,
        valid_from,
        lead(valid_from) over person_spells as valid_to,
        cast(null as integer) as lost_after_days,
        'subscription' as rule
    from spells
    window
        person_spells as (
            partition by customer_id
            order by valid_from nulls first, state_order nulls first
        )

)

select * from final
