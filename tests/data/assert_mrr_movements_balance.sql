-- Definitions §4, Movements: the lines of every row lead from its open to its close, the parts to
-- expansion and contraction; transfers are 0 per person; a close is the next month's open; who
-- stood still only has fx; and all of a month's closes are the MRR of the periods in service then.
with

movements as (

    select
        *,
        {{ period_number("'month'", 'period_start') }} as month_number
    from {{ ref('mrr_movements') }}

),

broken_rows as (

    select
        'row' as rule,
        period_start,
        currency,
        customer_id
    from movements
    where
        opening_mrr + new_mrr + reactivation_mrr + resume_mrr + expansion_mrr - contraction_mrr
        - pause_mrr - churn_mrr + fx_mrr + currency_transfer_mrr != closing_mrr
        or price_change_mrr + quantity_change_mrr + plan_change_mrr + add_on_change_mrr
        + discount_change_mrr != expansion_mrr - contraction_mrr
        or least(
            new_mrr, reactivation_mrr, resume_mrr, expansion_mrr, contraction_mrr, pause_mrr,
            churn_mrr, opening_mrr, closing_mrr, customers
        ) < 0
        or is_unchanged != (customer_id is null)
        or (is_unchanged and opening_mrr_native != closing_mrr_native)
        or (currency = '{{ var("reporting_currency") }}' and fx_mrr != 0)
        or (movement = 'churn') != (churn_type is not null)

),

broken_people as (

    select
        'person' as rule,
        period_start,
        cast(null as varchar) as currency,
        customer_id
    from movements
    where not is_unchanged
    group by
        period_start,
        customer_id
    having
        sum(currency_transfer_mrr) != 0
        or least(sum(expansion_mrr), sum(contraction_mrr)) != 0
        or count(distinct movement) != 1

),

totals as (

    select
        currency,
        month_number,
        period_start,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr,
        sum(opening_mrr_native) as opening_mrr_native,
        sum(closing_mrr_native) as closing_mrr_native,
        lag(sum(closing_mrr)) over (
            partition by currency
            order by month_number nulls first
        ) as previous_closing_mrr,
        lag(month_number) over (
            partition by currency
            order by month_number nulls first
        ) as previous_month_number
    from movements
    group by
        currency,
        month_number,
        period_start

),

broken_chains as (

    select
        'chain' as rule,
        period_start,
        currency,
        cast(null as varchar) as customer_id
    from totals
    where
        opening_mrr != coalesce(previous_closing_mrr, 0)
        or previous_month_number != month_number - 1

),

-- The periods in service at a close are those that started by it less those that ended by it.
steps as (

    select
        currency,
        {{ period_number("'month'", 'starts_on') }} as month_number,
        mrr_native
    from {{ ref('subscription_periods') }}
    where is_paid

    union all

    select
        currency,
        {{ period_number("'month'", 'ends_on') }} as month_number,
        -mrr_native as mrr_native
    from {{ ref('subscription_periods') }}
    where is_paid and ends_on is not null

),

services as (

    select
        totals.currency,
        totals.month_number,
        totals.period_start,
        totals.closing_mrr_native,
        sum(steps.mrr_native) as mrr_native
    from totals
    left join steps
        on
        totals.currency = steps.currency
        and totals.month_number >= steps.month_number
    group by
        totals.currency,
        totals.month_number,
        totals.period_start,
        totals.closing_mrr_native

),

broken_services as (

    select
        'service' as rule,
        period_start,
        currency,
        cast(null as varchar) as customer_id
    from services
    where closing_mrr_native is distinct from mrr_native

)

select * from broken_rows

union all

select * from broken_people

union all

select * from broken_chains

union all

select * from broken_services
