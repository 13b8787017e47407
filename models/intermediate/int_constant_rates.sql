-- One row per currency: its latest rate known at the cutoff, however old, at which amounts of any
-- day can be compared without what the rate itself did (E45).
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

exchange_rates as (

    select
        currency,
        valid_from,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

final as (

    select
        exchange_rates.currency,
        max_by(exchange_rates.rate_to_reporting, exchange_rates.valid_from) as rate_to_reporting
    from exchange_rates
    inner join data_cutoff
        on exchange_rates.valid_from <= data_cutoff.cutoff_day
    group by exchange_rates.currency

)

select * from final
