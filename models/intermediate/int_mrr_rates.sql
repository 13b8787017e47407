-- One row per currency with MRR, be it under another's policy alone, and month of history: the rate
-- at the month's close, which is that at the next one's open: the latest at or before its last
-- local day, in the running month the cutoff day. Null where there is none.
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

mrr_balances as (

    select
        currency,
        valid_from
    from {{ ref('int_mrr_balances') }}

),

policy_balances as (

    select currency
    from {{ ref('int_policy_balances') }}

),

-- what a policy counts before anybody paid needs a rate, and has not begun
counted as (

    select
        currency,
        valid_from
    from mrr_balances

    union all

    select
        currency,
        cast(null as date) as valid_from
    from policy_balances

),

currencies as (

    select
        currency,
        min(valid_from) as first_on
    from counted
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
        {{ add_days('periods.period_start', -1) }} as opens_on,
        least({{ add_days('periods.period_end', -1) }}, data_cutoff.cutoff_day) as closes_on
    from periods
    cross join data_cutoff
    cross join currencies

),

final as (

    select
        closes.currency,
        closes.period_number as month_number,
        closes.period_start,
        closes.period_end,
        closes.is_complete,
        closes.is_final,
        closes.closes_on,
        coalesce(closes.first_on < closes.period_end, false) as has_begun,
        openings.rate_to_reporting as opening_rate,
        closings.rate_to_reporting as closing_rate
    from closes
    left join exchange_rates as openings
        on
        closes.currency = openings.currency
        and closes.opens_on >= openings.valid_from
        and closes.opens_on < openings.valid_to
    left join exchange_rates as closings
        on
        closes.currency = closings.currency
        and closes.closes_on >= closings.valid_from
        and closes.closes_on < closings.valid_to

)

select * from final
