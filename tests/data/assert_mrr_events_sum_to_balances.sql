-- Definitions §4: the native changes of the ledger up to a day are the person's balance at its end
-- in that currency, and the balances are gap-free, one at a time, never below 0.
with

days as (

    select
        customer_id,
        currency,
        event_on,
        sum(mrr_native_change) as mrr_native_change
    from {{ ref('mrr_events') }}
    group by
        customer_id,
        currency,
        event_on

),

ledger as (

    select
        customer_id,
        currency,
        event_on,
        sum(mrr_native_change) over (
            partition by customer_id, currency
            order by event_on nulls first
            rows between unbounded preceding and current row
        ) as mrr_native
    from days
    where mrr_native_change != 0

),

balances as (

    select
        *,
        lead(valid_from) over (
            partition by customer_id, currency
            order by valid_from nulls first
        ) as next_from
    from {{ ref('int_mrr_balances') }}

)

select
    coalesce(ledger.customer_id, balances.customer_id) as customer_id,
    coalesce(ledger.currency, balances.currency) as currency,
    coalesce(ledger.event_on, balances.valid_from) as changed_on,
    ledger.mrr_native as by_events,
    balances.mrr_native as by_balance
from ledger
full outer join balances
    on
    ledger.customer_id = balances.customer_id
    and ledger.currency = balances.currency
    and ledger.event_on = balances.valid_from
where
    ledger.mrr_native is distinct from balances.mrr_native
    or balances.mrr_native < 0
    or balances.next_from is distinct from balances.valid_to
