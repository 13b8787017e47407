-- One row per currency with MRR and month of history: the rate at the month's close, which is that
-- at the next one's open: the latest at or before its last local day, in the running month the
-- cutoff day. Null where there is none.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

periods as (

    select
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain = 'month'

),

currencies as (

    select
        currency,
        min(valid_from) as first_on
    from {{ ref('int_mrr_balances') }}
    group by currency

),

exchange_rates as (

    select
        currency,
        valid_from,
        valid_to,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

closes as (

    select
        currencies.currency,
        currencies.first_on,
        periods.period_number,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_final,
        least({{ add_days('periods.period_end', -1) }}, data_cutoff.cutoff_day) as closes_on
    from periods
    cross join data_cutoff
    cross join currencies

),

rated as (

    select
        closes.*,
        exchange_rates.rate_to_reporting as closing_rate
    from closes
    left join exchange_rates
        on
        closes.currency = exchange_rates.currency
        and closes.closes_on >= exchange_rates.valid_from
        and closes.closes_on < exchange_rates.valid_to

),

final as (

    select
        currency,
        period_number as month_number,
        period_start,
        period_end,
        is_complete,
        is_final,
        closes_on,
        first_on < period_end as has_begun,
        lag(closing_rate) over (
            partition by currency
            order by period_number nulls first
        ) as opening_rate,
        closing_rate
    from rated

)

select * from final
