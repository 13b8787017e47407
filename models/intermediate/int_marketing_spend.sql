-- One row per acquisition channel, day and currency in which something was spent on it up to the
-- cutoff, in reporting currency at the day's rate; 0 and marked where that is missing, which
-- assert_every_amount_has_a_rate lets nobody publish (definitions §5, Payback; E46).
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

final as (

    select
        spend.acquisition_channel,
        spend.spent_on,
        spend.currency,
        {{ period_number("'month'", 'spend.spent_on') }} as month_number,
        cast(
            coalesce(
                sum({{ convert_money('spend.amount', 'exchange_rates.rate_to_reporting') }}), 0
            ) as decimal(18, 2)
        ) as amount,
        bool_or(exchange_rates.rate_to_reporting is null) as is_rate_missing
    from spend
    inner join cutoff
        on spend.spent_on <= cutoff.cutoff_day
    left join exchange_rates
        on
        spend.currency = exchange_rates.currency
        and spend.spent_on >= exchange_rates.valid_from
        and (exchange_rates.valid_to is null or spend.spent_on < exchange_rates.valid_to)
    group by
        spend.acquisition_channel,
        spend.spent_on,
        spend.currency

)

select * from final
