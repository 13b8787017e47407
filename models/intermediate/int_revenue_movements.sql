-- One row per basis, person and window in which their amount changed between its two ends, over all
-- currencies: at the open, at the close at the open's rates, at the close; what movement that is
-- (definitions §4, Movements), and the day whose dimension values it counts under (E92): the last
-- before the window for who was there, the last of it for who came.
{{ config(materialized='view') }}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

windows as (

    select
        grain,
        dimension_grain,
        period_start,
        period_end,
        opening_month,
        closing_month
    from {{ ref('int_revenue_windows') }}

),

rates as (

    select
        currency,
        grain,
        period_start,
        opening_rate,
        closing_rate
    from {{ ref('int_revenue_rates') }}

),

balances as (

    select
        basis,
        customer_id,
        currency,
        from_month,
        to_month,
        amount_native
    from {{ ref('int_revenue_balances') }}

),

lifecycle as (

    select
        basis,
        customer_id,
        valid_from as first_day
    from {{ ref('customer_lifecycle') }}
    where spell_number = 1

),

services as (

    select
        customer_id,
        service,
        valid_from,
        valid_to
    from {{ ref('int_subscription_services') }}

),

losses as (

    select
        customer_id,
        lost_on,
        churn_type
    from {{ ref('int_mrr_losses') }}

),

changes as (

    select
        basis,
        customer_id,
        from_month as month_number
    from balances

    union distinct

    select
        basis,
        customer_id,
        to_month as month_number
    from balances
    where to_month is not null

),

changed as (

    select distinct
        changes.basis,
        changes.customer_id,
        windows.grain,
        windows.period_start,
        windows.period_end,
        windows.opening_month,
        windows.closing_month
    from changes
    inner join windows
        on
        changes.month_number > windows.opening_month
        and changes.month_number <= windows.closing_month

),

ends as (

    select
        changed.basis,
        changed.customer_id,
        changed.grain,
        changed.period_start,
        balances.currency,
        balances.amount_native as opening_native,
        cast(null as decimal(18, 6)) as closing_native
    from changed
    inner join balances
        on
        changed.basis = balances.basis
        and changed.customer_id = balances.customer_id
        and changed.opening_month >= balances.from_month
        and (balances.to_month is null or changed.opening_month < balances.to_month)

    union all

    select
        changed.basis,
        changed.customer_id,
        changed.grain,
        changed.period_start,
        balances.currency,
        cast(null as decimal(18, 6)) as opening_native,
        balances.amount_native as closing_native
    from changed
    inner join balances
        on
        changed.basis = balances.basis
        and changed.customer_id = balances.customer_id
        and changed.closing_month >= balances.from_month
        and (balances.to_month is null or changed.closing_month < balances.to_month)

),

-- money of nobody's is 0; a rate that is missing makes it null, which fails the build
valued as (

    select
        ends.basis,
        ends.customer_id,
        ends.grain,
        ends.period_start,
        count(ends.opening_native) as opening_amounts,
        count(ends.closing_native) as closing_amounts,
        sum(
            {{ convert_mrr('coalesce(ends.opening_native, 0)', 'rates.opening_rate') }}
        ) as opening_amount,
        sum(
            {{ convert_mrr('coalesce(ends.opening_native, 0)', 'rates.closing_rate') }}
        ) as opening_at_closing_rate,
        sum(
            {{ convert_mrr('coalesce(ends.closing_native, 0)', 'rates.opening_rate') }}
        ) as constant_amount,
        sum(
            {{ convert_mrr('coalesce(ends.closing_native, 0)', 'rates.closing_rate') }}
        ) as closing_amount
    from ends
    inner join rates
        on
        ends.currency = rates.currency
        and ends.grain = rates.grain
        and ends.period_start = rates.period_start
    group by
        ends.basis,
        ends.customer_id,
        ends.grain,
        ends.period_start

),

-- a subscriber who is away: paused, or lost, and since when
away as (

    select
        changed.customer_id,
        changed.grain,
        changed.period_start,
        max(
            case when services.valid_from < changed.period_start then services.service end
        ) as opening_service,
        max(
            case
                when services.valid_from < changed.period_start
                    then {{ days_between('services.valid_from', 'services.valid_to') }}
            end
        ) as opening_service_days,
        max(
            case
                when services.valid_to is null or services.valid_to >= changed.period_end
                    then services.service
            end
        ) as closing_service,
        bool_or(services.service = 'none') as was_lost
    from changed
    inner join services
        on
        changed.customer_id = services.customer_id
        and changed.period_end > services.valid_from
        and (services.valid_to is null or changed.period_start <= services.valid_to)
    where changed.basis = 'subscriptions' and services.service <> 'served'
    group by
        changed.customer_id,
        changed.grain,
        changed.period_start

),

last_losses as (

    select
        changed.customer_id,
        changed.grain,
        changed.period_start,
        max_by(losses.churn_type, losses.lost_on) as churn_type
    from changed
    inner join losses
        on
        changed.customer_id = losses.customer_id
        and changed.period_start <= losses.lost_on
        and changed.period_end > losses.lost_on
    where changed.basis = 'subscriptions'
    group by
        changed.customer_id,
        changed.grain,
        changed.period_start

),

final as (

    select
        valued.basis,
        valued.customer_id,
        valued.grain,
        windows.dimension_grain,
        valued.period_start,
        case
            when valued.opening_amounts > 0 and valued.closing_amounts > 0 then 'change'
            when valued.opening_amounts > 0 and away.closing_service = 'paused' then 'pause'
            when valued.opening_amounts > 0 then 'churn'
            when lifecycle.first_day >= valued.period_start then 'new'
            when away.opening_service = 'paused' and not away.was_lost then 'resume'
            when
                valued.basis = 'subscriptions'
                and {{ var('reactivation_window_days') }} > 0
                and away.opening_service_days > {{ var('reactivation_window_days') }}
                then 'new'
            else 'reactivation'
        end as movement,
        case
            when
                valued.basis = 'subscriptions'
                and valued.opening_amounts > 0
                and valued.closing_amounts = 0
                and coalesce(away.closing_service, 'none') <> 'paused'
                then last_losses.churn_type
        end as churn_type,
        cast(valued.opening_amount as decimal(18, 2)) as opening_amount,
        cast(valued.opening_at_closing_rate as decimal(18, 2)) as opening_at_closing_rate,
        cast(valued.constant_amount as decimal(18, 2)) as constant_amount,
        cast(valued.closing_amount as decimal(18, 2)) as closing_amount,
        case
            when valued.opening_amounts > 0 then {{ add_days('windows.period_start', -1) }}
            else least({{ add_days('windows.period_end', -1) }}, data_cutoff.cutoff_day)
        end as valued_on
    from valued
    cross join data_cutoff
    inner join windows
        on
        valued.grain = windows.grain
        and valued.period_start = windows.period_start
    inner join lifecycle
        on
        valued.basis = lifecycle.basis
        and valued.customer_id = lifecycle.customer_id
    left join away
        on
        valued.basis = 'subscriptions'
        and valued.customer_id = away.customer_id
        and valued.grain = away.grain
        and valued.period_start = away.period_start
    left join last_losses
        on
        valued.basis = 'subscriptions'
        and valued.customer_id = last_losses.customer_id
        and valued.grain = last_losses.grain
        and valued.period_start = last_losses.period_start

)

select * from final
