-- One row per acquisition channel and month in which something was spent on it: marketing spend by
-- the day it was spent, in reporting currency (definitions §5, Payback).
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

spend as (

    select
        acquisition_channel,
        spent_on,
        coalesce(currency, '{{ var("reporting_currency") }}') as currency,
        {{ round_money('amount') }} as amount
    from {{ ref('stg_marketing_spend') }}

),

exchange_rates as (

    select
        currency,
        rate_to_reporting,
        valid_from,
        valid_to
    from {{ ref('int_exchange_rates') }}

),

converted as (

    select
        spend.acquisition_channel,
        {{ period_number("'month'", 'spend.spent_on') }} as month_number,
        exchange_rates.rate_to_reporting,
        {{ convert_money('spend.amount', 'exchange_rates.rate_to_reporting') }} as amount
    from spend
    inner join cutoff
        on spend.spent_on <= cutoff.cutoff_day
    left join exchange_rates
        on
        spend.currency = exchange_rates.currency
        and spend.spent_on >= exchange_rates.valid_from
        and (exchange_rates.valid_to is null or spend.spent_on < exchange_rates.valid_to)

),

final as (

    select
        acquisition_channel,
        month_number,
        cast(sum(amount) as decimal(18, 2)) as amount,
        count_if(rate_to_reporting is null) as amounts_without_rate
    from converted
    group by
        acquisition_channel,
        month_number

)

select * from final
