-- One row per day and currency: 1 unit of the currency in reporting currency.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

exchange_rates as (

    select
        _source as source_name,
        rate_date,
        currency,
        rate_to_reporting
    from {{ source('landing', 'exchange_rates') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from exchange_rates

)

select * from final
