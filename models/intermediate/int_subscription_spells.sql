-- One row per person and spell of the subscriptions basis: [valid_from, valid_to) in whole local
-- days, gap-free from the first day of paid service on, the last one open. A day's state is the
-- state at its end, so moves within one day net out (E58); only who came and went on their very
-- first day keeps an empty first spell (valid_from = valid_to). Who never paid is not there (E67).
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

services as (

    select
        customer_id,
        service,
        previous_service,
        valid_from,
        valid_to
    from {{ ref('int_subscription_services') }}

),

stretches as (

    select
        customer_id,
        starts_on,
        ends_on
    from {{ ref('int_subscription_stretches') }}
    where service_state = 'paid'

),

states as (

    select
        customer_id,
        valid_from,
        1 as state_order,
        case service
            when 'served' then 'active'
            when 'paused'
                then {% if var('pause_grace_days') | int > 0 %}'paused'{% else %}'lost'{% endif %}
            else 'lost'
        end as state
    from services

    union all

    -- E71, E72: kept for the days of grace, then lost
    select
        services.customer_id,
        {{ add_days('services.valid_from', var('pause_grace_days')) }} as valid_from,
        2 as state_order,
        'lost' as state
    from services
    inner join cutoff
        on {{ add_days('services.valid_from', var('pause_grace_days')) }} <= cutoff.cutoff_day
    where
        services.service = 'paused'
        and (
            services.valid_to is null
            or services.valid_to > {{ add_days('services.valid_from', var('pause_grace_days')) }}
        )

    union all

    -- came and went on the first day
    select
        customer_id,
        valid_from,
        0 as state_order,
        'active' as state
    from services
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
