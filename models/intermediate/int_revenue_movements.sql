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
        closing_month,
        cast(row_number() over (order by grain nulls first, period_start nulls first) as integer)
            as window_number
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

people as (

    select
        customer_id,
        person_number
    from {{ ref('int_person_numbers') }}

),

revenue_balances as (

    select
        basis,
        customer_id,
        currency,
        from_month,
        to_month,
        amount_native
    from {{ ref('int_revenue_balances') }}

),

customer_lifecycle as (

    select
        basis,
        customer_id,
        valid_from as first_day
    from {{ ref('customer_lifecycle') }}
    where spell_number = 1

),

subscription_services as (

    select
        customer_id,
        service,
        valid_from,
        valid_to
    from {{ ref('int_subscription_services') }}
    where service <> 'served'

),

mrr_losses as (

    select
        customer_id,
        lost_on,
        churn_type
    from {{ ref('int_mrr_losses') }}

),

-- the windows are joined by number, as there are many per person
balances as (

    select
        revenue_balances.basis,
        people.person_number,
        revenue_balances.currency,
        revenue_balances.from_month,
        revenue_balances.to_month,
        revenue_balances.amount_native
    from revenue_balances
    inner join people
        on revenue_balances.customer_id = people.customer_id

),

change_months as (

    select from_month as month_number
    from balances

    union distinct

    select to_month as month_number
    from balances
    where to_month is not null

),

window_months as (

    select
        change_months.month_number,
        windows.window_number,
        windows.opening_month,
        windows.closing_month
    from change_months
    inner join windows
        on
        change_months.month_number > windows.opening_month
        and change_months.month_number <= windows.closing_month

),

-- What stood at the open and ended in the window, and what began in it and stands at the close.
moved_ends as (

    select
        balances.basis,
        balances.person_number,
        window_months.window_number,
        balances.currency,
        balances.amount_native as opening_native,
        cast(null as decimal(18, 6)) as closing_native
    from balances
    inner join window_months
        on
        balances.to_month = window_months.month_number
        and balances.from_month <= window_months.opening_month

    union all

    select
        balances.basis,
        balances.person_number,
        window_months.window_number,
        balances.currency,
        cast(null as decimal(18, 6)) as opening_native,
        balances.amount_native as closing_native
    from balances
    inner join window_months
        on
        balances.from_month = window_months.month_number
        and (balances.to_month is null or balances.to_month > window_months.closing_month)

),

currency_counts as (

    select
        basis,
        person_number
    from balances
    group by
        basis,
        person_number
    having count(distinct currency) > 1

),

moved_windows as (

    select distinct
        moved_ends.basis,
        moved_ends.person_number,
        moved_ends.window_number
    from moved_ends
    inner join currency_counts
        on
        moved_ends.basis = currency_counts.basis
        and moved_ends.person_number = currency_counts.person_number

),

-- A currency that stood still counts where another of the person's moved.
still_ends as (

    select
        moved_windows.basis,
        moved_windows.person_number,
        moved_windows.window_number,
        balances.currency,
        balances.amount_native as opening_native,
        balances.amount_native as closing_native
    from moved_windows
    inner join windows
        on moved_windows.window_number = windows.window_number
    inner join balances
        on
        moved_windows.basis = balances.basis
        and moved_windows.person_number = balances.person_number
        and windows.opening_month >= balances.from_month
        and (balances.to_month is null or windows.closing_month < balances.to_month)

),

ends as (

    select
        basis,
        person_number,
        window_number,
        currency,
        opening_native,
        closing_native
    from moved_ends

    union all

    select
        basis,
        person_number,
        window_number,
        currency,
        opening_native,
        closing_native
    from still_ends

),

-- In reporting currency every rate is 1, so one rounding is enough.
reporting_ends as (

    select
        basis,
        person_number,
        window_number,
        opening_native,
        closing_native,
        {{ round_money('opening_native') }} as opening_amount,
        {{ round_money('opening_native') }} as opening_at_closing_rate,
        {{ round_money('closing_native') }} as constant_amount,
        {{ round_money('closing_native') }} as closing_amount
    from ends
    where currency = '{{ var("reporting_currency") }}'

),

other_ends as (

    select
        ends.basis,
        ends.person_number,
        ends.window_number,
        ends.opening_native,
        ends.closing_native,
        {{ convert_mrr('ends.opening_native', 'rates.opening_rate') }} as opening_amount,
        {{ convert_mrr('ends.opening_native', 'rates.closing_rate') }} as opening_at_closing_rate,
        {{ convert_mrr('ends.closing_native', 'rates.opening_rate') }} as constant_amount,
        {{ convert_mrr('ends.closing_native', 'rates.closing_rate') }} as closing_amount
    from ends
    inner join windows
        on ends.window_number = windows.window_number
    inner join rates
        on
        ends.currency = rates.currency
        and windows.grain = rates.grain
        and windows.period_start = rates.period_start
    where ends.currency <> '{{ var("reporting_currency") }}'

),

converted as (

    select
        basis,
        person_number,
        window_number,
        opening_native,
        closing_native,
        opening_amount,
        opening_at_closing_rate,
        constant_amount,
        closing_amount
    from reporting_ends

    union all

    select
        basis,
        person_number,
        window_number,
        opening_native,
        closing_native,
        opening_amount,
        opening_at_closing_rate,
        constant_amount,
        closing_amount
    from other_ends

),

-- money of nobody's is 0; MRR that stands at a close without a rate stops the build by its currency
-- and day (assert_every_mrr_amount_has_a_rate)
valued as (

    select
        basis,
        person_number,
        window_number,
        count(opening_native) as opening_amounts,
        count(closing_native) as closing_amounts,
        case when count(opening_native) = 0 then 0 else sum(opening_amount) end
            as opening_amount,
        case when count(opening_native) = 0 then 0 else sum(opening_at_closing_rate) end
            as opening_at_closing_rate,
        case when count(closing_native) = 0 then 0 else sum(constant_amount) end
            as constant_amount,
        case when count(closing_native) = 0 then 0 else sum(closing_amount) end
            as closing_amount
    from converted
    group by
        basis,
        person_number,
        window_number

),

lifecycle as (

    select
        customer_lifecycle.basis,
        people.person_number,
        customer_lifecycle.first_day
    from customer_lifecycle
    inner join people
        on customer_lifecycle.customer_id = people.customer_id

),

services as (

    select
        people.person_number,
        subscription_services.service,
        subscription_services.valid_from,
        subscription_services.valid_to
    from subscription_services
    inner join people
        on subscription_services.customer_id = people.customer_id

),

losses as (

    select
        people.person_number,
        mrr_losses.lost_on,
        mrr_losses.churn_type
    from mrr_losses
    inner join people
        on mrr_losses.customer_id = people.customer_id

),

subscribers as (

    select
        valued.person_number,
        valued.window_number,
        valued.opening_amounts,
        windows.period_start,
        windows.period_end
    from valued
    inner join windows
        on valued.window_number = windows.window_number
    where
        valued.basis = 'subscriptions'
        and (valued.opening_amounts = 0 or valued.closing_amounts = 0)

),

-- a subscriber who is away: paused, or lost, and since when
away as (

    select
        subscribers.person_number,
        subscribers.window_number,
        max(
            case when services.valid_from < subscribers.period_start then services.service end
        ) as opening_service,
        max(
            case
                when services.valid_from < subscribers.period_start
                    then {{ days_between('services.valid_from', 'services.valid_to') }}
            end
        ) as opening_service_days,
        max(
            case
                when services.valid_to is null or services.valid_to >= subscribers.period_end
                    then services.service
            end
        ) as closing_service,
        bool_or(services.service = 'none') as was_lost
    from subscribers
    inner join services
        on
        subscribers.person_number = services.person_number
        and subscribers.period_end > services.valid_from
        and (services.valid_to is null or subscribers.period_start <= services.valid_to)
    group by
        subscribers.person_number,
        subscribers.window_number

),

-- what went last says why they left, whatever became of them in between
last_losses as (

    select
        subscribers.person_number,
        subscribers.window_number,
        max_by(losses.churn_type, losses.lost_on) as churn_type
    from subscribers
    inner join losses
        on
        subscribers.person_number = losses.person_number
        and subscribers.period_start <= losses.lost_on
        and subscribers.period_end > losses.lost_on
    where subscribers.opening_amounts > 0
    group by
        subscribers.person_number,
        subscribers.window_number

),

final as (

    select
        valued.basis,
        valued.person_number,
        windows.grain,
        windows.dimension_grain,
        windows.period_start,
        case
            when valued.opening_amounts > 0 and valued.closing_amounts > 0 then 'change'
            when valued.opening_amounts > 0 and away.closing_service = 'paused' then 'pause'
            when valued.opening_amounts > 0 then 'churn'
            when lifecycle.first_day >= windows.period_start then 'new'
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
        on valued.window_number = windows.window_number
    inner join lifecycle
        on
        valued.basis = lifecycle.basis
        and valued.person_number = lifecycle.person_number
    left join away
        on
        valued.basis = 'subscriptions'
        and valued.person_number = away.person_number
        and valued.window_number = away.window_number
    left join last_losses
        on
        valued.basis = 'subscriptions'
        and valued.person_number = last_losses.person_number
        and valued.window_number = last_losses.window_number

)

select * from final
