-- One row per currency of a balance and window: the rate at its open, which is the constant one,
-- and at its close. A rate is needed only where MRR stands: where a currency has none yet at the
-- open, or none any more at the close, that of the other end stands for it.
{{ config(materialized='view') }}
with

windows as (

    select
        grain,
        period_start,
        opening_month,
        closing_month
    from {{ ref('int_revenue_windows') }}

),

rates as (

    select
        currency,
        month_number,
        closing_rate
    from {{ ref('int_mrr_rates') }}
    where currency <> '{{ var("reporting_currency") }}'

),

currencies as (

    select distinct currency
    from rates

),

final as (

    select
        currencies.currency,
        windows.grain,
        windows.period_start,
        coalesce(openings.closing_rate, closings.closing_rate) as opening_rate,
        coalesce(closings.closing_rate, openings.closing_rate) as closing_rate
    from windows
    cross join currencies
    left join rates as openings
        on
        currencies.currency = openings.currency
        and windows.opening_month = openings.month_number
    left join rates as closings
        on
        currencies.currency = closings.currency
        and windows.closing_month = closings.month_number

    union all

    select
        '{{ var("reporting_currency") }}' as currency,
        grain,
        period_start,
        cast(1 as decimal(18, 10)) as opening_rate,
        cast(1 as decimal(18, 10)) as closing_rate
    from windows

)

select * from final
