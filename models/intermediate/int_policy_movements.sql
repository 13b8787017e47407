-- One row per policy, person and month in which their service or MRR changed: how they stood at
-- both ends, whether they left and came back or came and left in between, and what movement the
-- policy calls that (definitions §4, Policies). Rows grow with policies x changes.
with

policies as (

    select
        policy,
        is_back_in_month_lost,
        is_gone_in_month_lost,
        coalesce(reactivation_window_days, {{ var('reactivation_window_days') }})
            as reactivation_window_days
    from {{ ref('metric_policies') }}

),

stretches as (

    select
        policy,
        customer_id,
        starts_on,
        ends_on
    from {{ ref('int_policy_stretches') }}

),

services as (

    select
        policy,
        customer_id,
        service,
        first_served_on,
        valid_from,
        valid_to
    from {{ ref('int_policy_services') }}

),

balances as (

    select
        policy,
        customer_id,
        currency,
        valid_from,
        valid_to,
        mrr_native
    from {{ ref('int_policy_balances') }}

),

periods as (

    select
        period_number as month_number,
        period_start,
        period_end
    from {{ ref('int_periods') }}
    where grain = 'month'

),

rates as (

    select
        currency,
        month_number,
        opening_rate,
        closing_rate
    from {{ ref('int_policy_rates') }}

),

changes as (

    select
        policy,
        customer_id,
        {{ period_number("'month'", 'starts_on') }} as month_number
    from stretches

    union distinct

    select
        policy,
        customer_id,
        {{ period_number("'month'", 'ends_on') }} as month_number
    from stretches
    where ends_on is not null

),

changed as (

    select
        changes.policy,
        changes.customer_id,
        changes.month_number,
        periods.period_start,
        periods.period_end
    from changes
    inner join periods
        on changes.month_number = periods.month_number

),

turns as (

    select
        changed.policy,
        changed.customer_id,
        changed.month_number,
        changed.period_start,
        changed.period_end,
        min(services.first_served_on) as first_served_on,
        max(case when services.valid_from < changed.period_start then services.service end)
            as opening_service,
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
        max(case when services.service = 'none' then 1 else 0 end) = 1 as was_away,
        max(
            case
                when services.service = 'none' and services.valid_from >= changed.period_start
                    then services.valid_from
            end
        ) as lost_on,
        max(case when services.service = 'served' then 1 else 0 end) = 1 as was_served
    from changed
    inner join services
        on
        changed.policy = services.policy
        and changed.customer_id = services.customer_id
    where
        services.valid_from < changed.period_end
        and (services.valid_to is null or services.valid_to >= changed.period_start)
    group by
        changed.policy,
        changed.customer_id,
        changed.month_number,
        changed.period_start,
        changed.period_end

),

-- the days whose beginning is looked back from: the open, the close, the loss in between
sights as (

    select
        policy,
        customer_id,
        month_number,
        'open' as sight,
        period_start as seen_on
    from turns
    where opening_service = 'served'

    union all

    select
        policy,
        customer_id,
        month_number,
        'close' as sight,
        period_end as seen_on
    from turns
    where closing_service = 'served'

    union all

    select
        policy,
        customer_id,
        month_number,
        'loss' as sight,
        lost_on as seen_on
    from turns
    where
        was_served
        and lost_on is not null
        and coalesce(opening_service, 'none') = 'none'
        and closing_service = 'none'

),

amounts as (

    select
        sights.policy,
        sights.customer_id,
        sights.month_number,
        sum(
            case
                when sights.sight = 'open'
                    then {{ convert_mrr('balances.mrr_native', 'rates.opening_rate') }}
                else 0
            end
        ) as opening_amount,
        sum(
            case
                when sights.sight = 'close'
                    then {{ convert_mrr('balances.mrr_native', 'rates.opening_rate') }}
                else 0
            end
        ) as constant_amount,
        sum(
            case
                when sights.sight = 'close'
                    then {{ convert_mrr('balances.mrr_native', 'rates.closing_rate') }}
                else 0
            end
        ) as closing_amount,
        sum(
            case
                when sights.sight = 'loss'
                    then {{ convert_mrr('balances.mrr_native', 'rates.closing_rate') }}
                else 0
            end
        ) as passing_amount
    from sights
    inner join balances
        on
        sights.policy = balances.policy
        and sights.customer_id = balances.customer_id
    inner join rates
        on
        balances.currency = rates.currency
        and sights.month_number = rates.month_number
    where
        balances.valid_from < sights.seen_on
        and (balances.valid_to is null or balances.valid_to >= sights.seen_on)
    group by
        sights.policy,
        sights.customer_id,
        sights.month_number

),

joined as (

    select
        turns.*,
        policies.is_back_in_month_lost,
        policies.is_gone_in_month_lost,
        policies.reactivation_window_days,
        coalesce(turns.opening_service = 'served', false) as was_there,
        turns.closing_service = 'served' as is_there,
        amounts.opening_amount,
        amounts.constant_amount,
        amounts.closing_amount,
        amounts.passing_amount
    from turns
    inner join policies
        on turns.policy = policies.policy
    inner join amounts
        on
        turns.policy = amounts.policy
        and turns.customer_id = amounts.customer_id
        and turns.month_number = amounts.month_number

),

-- How somebody came who was not there at the open, or came back after being lost in between.
moved as (

    select
        *,
        case
            when was_there and is_there and lost_on is not null and is_back_in_month_lost
                then 'churn'
            when was_there and is_there then 'change'
            when was_there and closing_service = 'paused' then 'pause'
            when was_there then 'churn'
            when not is_there and is_gone_in_month_lost then 'churn'
        end as departure,
        case
            when was_there and is_there and lost_on is not null and is_back_in_month_lost
                then 'reactivation'
            when was_there then null
            when not is_there and not is_gone_in_month_lost then null
            when first_served_on >= period_start then 'new'
            when opening_service = 'paused' and not was_away then 'resume'
            when
                reactivation_window_days > 0
                and opening_service_days > reactivation_window_days
                then 'new'
            else 'reactivation'
        end as arrival
    from joined

),

final as (

    select
        policy,
        customer_id,
        month_number,
        departure,
        arrival,
        was_there,
        is_there,
        cast(opening_amount as decimal(18, 2)) as opening_amount,
        cast(constant_amount as decimal(18, 2)) as constant_amount,
        cast(closing_amount as decimal(18, 2)) as closing_amount,
        cast(passing_amount as decimal(18, 2)) as passing_amount
    from moved
    where departure is not null or arrival is not null

)

select * from final
