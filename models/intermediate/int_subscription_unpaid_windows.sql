-- One row per time in which a subscription that its status calls served is not paid for: from the
-- end of the days of grace, or from the conversion of a trial, to the first successful payment, or
-- until service begins anew after a gap. item_id and kind are null where the whole subscription is
-- meant. Windows of one subscription may overlap. Nothing later than the cutoff is known.
with

cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

periods as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        delivered_state,
        lag(delivered_state) over item_stretches as previous_state,
        lag(ends_at) over item_stretches as previous_ends_at,
        max(case when delivered_state = 'trial' then starts_at end) over earlier_stretches
            as trial_starts_at,
        max(case when delivered_state = 'paid' then starts_at end) over earlier_stretches
            as paid_starts_at
    from {{ ref('int_subscription_periods_known') }}
    window
        item_stretches as (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
        ),
        earlier_stretches as (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
            rows between unbounded preceding and 1 preceding
        )

),

-- A failed attempt is a demand without payment; only amounts above 0 show that somebody pays (an
-- invoice of 0 opens a trial, a negative one gives back).
payments as (

    select
        payments.source_name,
        payments.subscription_id,
        payments.due_at,
        case
            when payments.status not in ('succeeded', 'recovered') then null
            when coalesce(payments.paid_at, payments.due_at) < cutoff.data_cutoff
                then coalesce(payments.paid_at, payments.due_at)
        end as paid_at
    from {{ ref('stg_payments') }} as payments
    cross join cutoff
    where
        payments.subscription_id is not null
        and payments.amount > 0
        and (payments.due_at < cutoff.data_cutoff or payments.paid_at < cutoff.data_cutoff)

),

-- E69, E70: past due counts for the days of grace from the start of the contiguous stretch,
-- whatever changes inside it.
past_due_starts as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        trial_starts_at,
        paid_starts_at,
        sum(
            case when previous_state = 'past_due' and previous_ends_at = starts_at then 0 else 1 end
        ) over (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
            rows between unbounded preceding and current row
        ) as past_due_number
    from periods
    where delivered_state = 'past_due'

),

-- E68 by status: past due straight out of a trial is a first invoice that was never paid.
past_due_stretches as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        past_due_number,
        min(starts_at) as starts_at,
        case when count(*) = count(ends_at) then max(ends_at) end as ends_at,
        coalesce(
            min(trial_starts_at) is not null
            and (max(paid_starts_at) is null or max(paid_starts_at) < min(trial_starts_at)),
            false
        ) as is_first_invoice
    from past_due_starts
    group by source_name, subscription_id, item_id, kind, past_due_number

),

-- A payment ends it, however long the status is left as it was.
past_due_windows as (

    select
        stretches.source_name,
        stretches.subscription_id,
        stretches.item_id,
        stretches.kind,
        case
            when stretches.is_first_invoice then stretches.starts_at
            else {{ add_local_days('stretches.starts_at', var('delinquency_grace_days')) }}
        end as unpaid_from,
        least(stretches.ends_at, min(payments.paid_at)) as unpaid_until
    from past_due_stretches as stretches
    left join payments
        on
        stretches.source_name = payments.source_name
        and stretches.subscription_id = payments.subscription_id
        and stretches.starts_at <= payments.paid_at
    group by
        stretches.source_name,
        stretches.subscription_id,
        stretches.item_id,
        stretches.kind,
        stretches.past_due_number,
        stretches.starts_at,
        stretches.ends_at,
        stretches.is_first_invoice

),

-- The attempts at one demand share due_at.
demands as (

    select
        source_name,
        subscription_id,
        due_at,
        min(paid_at) as paid_at
    from payments
    where due_at is not null
    group by source_name, subscription_id, due_at

),

payment_events as (

    select
        demands.source_name,
        demands.subscription_id,
        demands.due_at as happened_at,
        false as is_paid
    from demands
    inner join cutoff on demands.due_at < cutoff.data_cutoff
    where demands.paid_at is null or demands.paid_at > demands.due_at

    union all

    select
        source_name,
        subscription_id,
        paid_at as happened_at,
        true as is_paid
    from payments
    where paid_at is not null

),

-- Any payment of the subscription after a demand fell due ends the delinquency: a failed attempt
-- that was followed by a success counts by the success.
answered_demands as (

    select
        source_name,
        subscription_id,
        happened_at,
        is_paid,
        min(case when is_paid then happened_at end) over (
            partition by source_name, subscription_id
            order by happened_at nulls first, is_paid nulls first
            rows between current row and unbounded following
        ) as paid_at
    from payment_events

),

held_periods as (

    select
        periods.source_name,
        periods.subscription_id,
        periods.starts_at,
        max(coalesce(periods.ends_at, cutoff.data_cutoff)) over (
            partition by periods.source_name, periods.subscription_id
            order by periods.starts_at nulls first
            rows between unbounded preceding and 1 preceding
        ) as held_until
    from periods
    cross join cutoff
    where periods.delivered_state in ('paid', 'past_due', 'paused')

),

restarts as (

    select
        source_name,
        subscription_id,
        starts_at as restarted_at
    from held_periods
    where starts_at > held_until

),

-- A demand speaks of the service it was made for: what was beyond its grace when service began anew
-- after a gap takes nothing from the new one. Demands met by one payment begin with the earliest.
demand_ends as (

    select
        answered_demands.source_name,
        answered_demands.subscription_id,
        answered_demands.happened_at,
        answered_demands.paid_at,
        min(restarts.restarted_at) as restarted_at
    from answered_demands
    left join restarts
        on
        answered_demands.source_name = restarts.source_name
        and answered_demands.subscription_id = restarts.subscription_id
        and restarts.restarted_at
        >= {{ add_local_days('answered_demands.happened_at', var('delinquency_grace_days')) }}
    where not answered_demands.is_paid
    group by
        answered_demands.source_name,
        answered_demands.subscription_id,
        answered_demands.happened_at,
        answered_demands.paid_at

),

demand_windows as (

    select
        source_name,
        subscription_id,
        {{ add_local_days('min(happened_at)', var('delinquency_grace_days')) }} as unpaid_from,
        least(paid_at, restarted_at) as unpaid_until
    from demand_ends
    group by source_name, subscription_id, paid_at, restarted_at

),

conversions as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        trial_starts_at,
        min(starts_at) as converted_at
    from periods
    where delivered_state in ('paid', 'past_due') and trial_starts_at is not null
    group by source_name, subscription_id, item_id, kind, trial_starts_at

),

-- E68 by payments: a converted trial is paid for from its first payment. Only where the first
-- invoice was delivered, which a demand up to the end of the days of grace shows: a payments feed
-- that begins years later says nothing.
conversion_payments as (

    select
        conversions.source_name,
        conversions.subscription_id,
        conversions.item_id,
        conversions.kind,
        conversions.converted_at,
        min(coalesce(payments.due_at, payments.paid_at)) as first_due_at,
        min(case when payments.paid_at >= conversions.trial_starts_at then payments.paid_at end)
            as first_paid_at
    from conversions
    inner join payments
        on
        conversions.source_name = payments.source_name
        and conversions.subscription_id = payments.subscription_id
        and coalesce(payments.due_at, payments.paid_at) >= conversions.trial_starts_at
    group by all

),

-- Paid on the day of the conversion is paid from the conversion.
conversion_windows as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        converted_at as unpaid_from,
        first_paid_at as unpaid_until
    from conversion_payments
    where
        first_due_at < {{ add_local_days('converted_at', var('delinquency_grace_days')) }}
        and (
            first_paid_at is null
            or {{ local_day('first_paid_at') }} > {{ local_day('converted_at') }}
        )

),

windows as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        unpaid_from,
        unpaid_until
    from past_due_windows

    union all

    select
        source_name,
        subscription_id,
        cast(null as varchar) as item_id,
        cast(null as varchar) as kind,
        unpaid_from,
        unpaid_until
    from demand_windows

    union all

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        unpaid_from,
        unpaid_until
    from conversion_windows

),

final as (

    select
        windows.source_name,
        windows.subscription_id,
        windows.item_id,
        windows.kind,
        windows.unpaid_from,
        windows.unpaid_until
    from windows
    inner join cutoff on windows.unpaid_from < cutoff.data_cutoff
    where windows.unpaid_until is null or windows.unpaid_until > windows.unpaid_from

)

select * from final
