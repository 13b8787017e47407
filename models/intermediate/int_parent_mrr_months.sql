-- One row per parent account of int_customer_parents, currency and month in which the MRR of any of
-- its accounts changed: accounts with MRR and their sum at the open, at the close, and at the close
-- at the rate of the open, each account rounded by itself; and the movement it is for the parent
-- over all accounts and currencies (definitions §4, Movements; E19).
with

parents as (

    select
        customer_id,
        parent_customer_id
    from {{ ref('int_customer_parents') }}

),

mrr_balances as (

    select
        parents.parent_customer_id,
        balances.currency,
        balances.mrr_native,
        {{ period_number("'month'", 'balances.valid_from') }} as from_month,
        {{ period_number("'month'", 'balances.valid_to') }} as to_month
    from {{ ref('int_mrr_balances') }} as balances
    inner join parents
        on balances.customer_id = parents.customer_id
    where balances.mrr_native > 0

),

mrr_months as (

    select
        parents.parent_customer_id,
        months.customer_id,
        months.currency,
        months.period_start,
        months.opening_mrr_native,
        months.movement,
        months.churn_type
    from {{ ref('int_mrr_months') }} as months
    inner join parents
        on months.customer_id = parents.customer_id

),

mrr_losses as (

    select
        losses.customer_id,
        losses.lost_on,
        {{ period_first_day("'month'", period_number("'month'", 'losses.lost_on')) }}
            as period_start
    from {{ ref('int_mrr_losses') }} as losses
    inner join parents
        on losses.customer_id = parents.customer_id

),

rates as (

    select
        currency,
        month_number,
        period_start,
        period_end,
        opening_rate,
        closing_rate
    from {{ ref('int_mrr_rates') }}

),

services as (

    select
        parent_customer_id,
        service,
        valid_from,
        valid_to
    from {{ ref('int_parent_services') }}
    where service <> 'served'

),

lifecycle as (

    select
        parents.parent_customer_id,
        min(lifecycle.valid_from) as first_paid_on
    from {{ ref('customer_lifecycle') }} as lifecycle
    inner join parents
        on lifecycle.customer_id = parents.customer_id
    where lifecycle.basis = 'subscriptions' and lifecycle.spell_number = 1
    group by parents.parent_customer_id

),

-- By amount and not by account, so that a large parent costs no accounts x months.
steps as (

    select
        parent_customer_id,
        currency,
        mrr_native,
        from_month as month_number,
        1 as accounts
    from mrr_balances

    union all

    select
        parent_customer_id,
        currency,
        mrr_native,
        to_month as month_number,
        -1 as accounts
    from mrr_balances
    where to_month is not null

),

month_steps as (

    select
        parent_customer_id,
        currency,
        mrr_native,
        month_number,
        sum(accounts) as accounts
    from steps
    group by
        parent_customer_id,
        currency,
        mrr_native,
        month_number
    having sum(accounts) <> 0

),

amounts as (

    select
        parent_customer_id,
        currency,
        mrr_native,
        month_number as from_month,
        lead(month_number) over (
            partition by parent_customer_id, currency, mrr_native
            order by month_number nulls first
        ) as to_month,
        -- 19 digits, as 18 would overflow in the products
        cast(
            sum(accounts) over (
                partition by parent_customer_id, currency, mrr_native
                order by month_number nulls first
                rows between unbounded preceding and current row
            ) as decimal(19, 0)
        ) as accounts
    from month_steps

),

moved_months as (

    select distinct
        parent_customer_id,
        period_start
    from mrr_months

),

parent_currencies as (

    select distinct
        parent_customer_id,
        currency
    from amounts

),

-- A currency that stands still is looked at too where another one moves.
cells as (

    select
        moved_months.parent_customer_id,
        parent_currencies.currency,
        moved_months.period_start,
        rates.period_end,
        rates.month_number,
        rates.opening_rate,
        rates.closing_rate,
        -- where the currency has no rate at the open yet, that of the close
        coalesce(rates.opening_rate, rates.closing_rate) as constant_rate
    from moved_months
    inner join parent_currencies
        on moved_months.parent_customer_id = parent_currencies.parent_customer_id
    inner join rates
        on
        parent_currencies.currency = rates.currency
        and moved_months.period_start = rates.period_start

),

ends as (

    select
        cells.*,
        amounts.accounts,
        amounts.mrr_native,
        cells.month_number - 1 >= amounts.from_month
        and (amounts.to_month is null or cells.month_number - 1 < amounts.to_month) as is_at_open,
        cells.month_number >= amounts.from_month
        and (amounts.to_month is null or cells.month_number < amounts.to_month) as is_at_close
    from cells
    inner join amounts
        on
        cells.parent_customer_id = amounts.parent_customer_id
        and cells.currency = amounts.currency
        and amounts.accounts > 0
        and cells.month_number >= amounts.from_month
        and (amounts.to_month is null or cells.month_number <= amounts.to_month)

),

sums as (

    select
        parent_customer_id,
        currency,
        period_start,
        period_end,
        opening_rate,
        closing_rate,
        sum(case when is_at_open then accounts else 0 end) as opening_accounts,
        sum(case when is_at_close then accounts else 0 end) as closing_accounts,
        sum(case when is_at_open then accounts * mrr_native else 0 end) as opening_mrr_native,
        sum(case when is_at_close then accounts * mrr_native else 0 end) as closing_mrr_native,
        sum(
            case
                when is_at_open
                    then accounts * {{ convert_mrr('mrr_native', 'opening_rate') }}
                else 0
            end
        ) as opening_mrr,
        sum(
            case
                when is_at_close
                    then accounts * {{ convert_mrr('mrr_native', 'constant_rate') }}
                else 0
            end
        ) as constant_mrr,
        sum(
            case
                when is_at_close
                    then accounts * {{ convert_mrr('mrr_native', 'closing_rate') }}
                else 0
            end
        ) as closing_mrr
    from ends
    group by
        parent_customer_id,
        currency,
        period_start,
        period_end,
        opening_rate,
        closing_rate

),

parent_months as (

    select
        parent_customer_id,
        period_start,
        period_end,
        sum(opening_accounts) > 0 as has_opening,
        sum(closing_accounts) > 0 as has_closing
    from sums
    group by
        parent_customer_id,
        period_start,
        period_end

),

-- A parent all of whose accounts are away at an end: paused, or lost, and since when.
away as (

    select
        parent_months.parent_customer_id,
        parent_months.period_start,
        max(
            case when services.valid_from < parent_months.period_start then services.service end
        ) as opening_service,
        max(
            case
                when services.valid_from < parent_months.period_start
                    then {{ days_between('services.valid_from', 'services.valid_to') }}
            end
        ) as opening_service_days,
        max(
            case
                when
                    services.valid_to is null
                    or services.valid_to >= parent_months.period_end
                    then services.service
            end
        ) as closing_service,
        bool_or(services.service = 'none') as was_lost
    from parent_months
    inner join services
        on
        parent_months.parent_customer_id = services.parent_customer_id
        and parent_months.period_end > services.valid_from
        and (services.valid_to is null or parent_months.period_start <= services.valid_to)
    where not (parent_months.has_opening and parent_months.has_closing)
    group by
        parent_months.parent_customer_id,
        parent_months.period_start

),

-- What went last says why the parent left, of one day the largest.
left_accounts as (

    select
        mrr_months.parent_customer_id,
        mrr_months.customer_id,
        mrr_months.period_start,
        mrr_months.churn_type,
        sum({{ convert_mrr('mrr_months.opening_mrr_native', 'rates.opening_rate') }}) as churn_mrr
    from mrr_months
    inner join rates
        on
        mrr_months.currency = rates.currency
        and mrr_months.period_start = rates.period_start
    where mrr_months.movement = 'churn'
    group by
        mrr_months.parent_customer_id,
        mrr_months.customer_id,
        mrr_months.period_start,
        mrr_months.churn_type

),

last_losses as (

    select
        left_accounts.parent_customer_id,
        left_accounts.period_start,
        left_accounts.churn_type
    from left_accounts
    inner join mrr_losses
        on
        left_accounts.customer_id = mrr_losses.customer_id
        and left_accounts.period_start = mrr_losses.period_start
    qualify
        row_number() over (
            partition by left_accounts.parent_customer_id, left_accounts.period_start
            order by
                mrr_losses.lost_on desc nulls last,
                left_accounts.churn_mrr desc nulls last,
                left_accounts.churn_type asc nulls last
        ) = 1

),

movements as (

    select
        parent_months.parent_customer_id,
        parent_months.period_start,
        case
            when parent_months.has_opening and parent_months.has_closing then 'change'
            when parent_months.has_opening and away.closing_service = 'paused' then 'pause'
            when parent_months.has_opening then 'churn'
            when away.opening_service = 'paused' and not away.was_lost then 'resume'
            when lifecycle.first_paid_on >= parent_months.period_start then 'new'
            when
                {{ var('reactivation_window_days') }} > 0
                and away.opening_service_days > {{ var('reactivation_window_days') }}
                then 'new'
            else 'reactivation'
        end as movement
    from parent_months
    inner join lifecycle
        on parent_months.parent_customer_id = lifecycle.parent_customer_id
    left join away
        on
        parent_months.parent_customer_id = away.parent_customer_id
        and parent_months.period_start = away.period_start

),

final as (

    select
        sums.parent_customer_id,
        sums.currency,
        sums.period_start,
        cast(sums.opening_accounts as bigint) as opening_accounts,
        cast(sums.closing_accounts as bigint) as closing_accounts,
        cast(sums.opening_mrr_native as decimal(28, 6)) as opening_mrr_native,
        cast(sums.closing_mrr_native as decimal(28, 6)) as closing_mrr_native,
        sums.opening_rate,
        sums.closing_rate,
        cast(sums.opening_mrr as decimal(18, 2)) as opening_mrr,
        cast(sums.constant_mrr as decimal(18, 2)) as constant_mrr,
        cast(sums.closing_mrr as decimal(18, 2)) as closing_mrr,
        movements.movement,
        case when movements.movement = 'churn' then last_losses.churn_type end as churn_type
    from sums
    inner join movements
        on
        sums.parent_customer_id = movements.parent_customer_id
        and sums.period_start = movements.period_start
    left join last_losses
        on
        sums.parent_customer_id = last_losses.parent_customer_id
        and sums.period_start = last_losses.period_start

)

select * from final
