-- One row per currency and range of local days [valid_from, valid_to) in which one rate holds: the
-- latest at or before the day, no older than max_rate_age_days. The reporting currency is always
-- worth 1.
with

exchange_rates as (

    select
        source_name,
        rate_date,
        currency,
        rate_to_reporting
    from {{ ref('stg_exchange_rates') }}
    where currency <> '{{ var("reporting_currency") }}'

),

-- Two sources may state one day's rate; a day has one.
daily_rates as (

    select
        rate_date,
        currency,
        rate_to_reporting
    from exchange_rates
    qualify
        row_number() over (
            partition by currency, rate_date
            order by source_name asc nulls last
        ) = 1

),

followed as (

    select
        rate_date,
        currency,
        rate_to_reporting,
        lead(rate_date) over (
            partition by currency
            order by rate_date asc nulls last
        ) as next_rate_date,
        {{ add_days('rate_date', var('max_rate_age_days') | int + 1) }} as too_old_on
    from daily_rates

),

final as (

    select
        currency,
        rate_date as valid_from,
        least(coalesce(next_rate_date, too_old_on), too_old_on) as valid_to,
        rate_to_reporting
    from followed

    union all

    select
        '{{ var("reporting_currency") }}' as currency,
        date '0001-01-01' as valid_from,
        date '9999-12-31' as valid_to,
        cast(1 as decimal(18, 10)) as rate_to_reporting

)

select * from final
