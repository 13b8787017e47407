-- One row per currency with MRR under some policy and month of history, with the exchange rate at
-- its open and at its close (definitions §4, Policies). Who no longer pays may be counted by a
-- policy for as long as the status stands, when nobody tells the currency's rate any more: then the
-- latest known stands for it.
{{ config(materialized='view') }}
with

mrr_rates as (

    select
        currency,
        month_number,
        opening_rate,
        closing_rate
    from {{ ref('int_mrr_rates') }}

),

constant_rates as (

    select
        currency,
        rate_to_reporting
    from {{ ref('int_constant_rates') }}

),

-- where the currency has no rate yet at the open, that of the close
final as (

    select
        mrr_rates.currency,
        mrr_rates.month_number,
        coalesce(
            mrr_rates.opening_rate, mrr_rates.closing_rate, constant_rates.rate_to_reporting
        ) as opening_rate,
        coalesce(mrr_rates.closing_rate, constant_rates.rate_to_reporting) as closing_rate
    from mrr_rates
    left join constant_rates
        on mrr_rates.currency = constant_rates.currency

)

select * from final
