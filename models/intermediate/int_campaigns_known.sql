-- One row per campaign that had begun by the cutoff day, or has no first day. ends_on may lie
-- ahead: a plan. cost is in reporting currency at the rate of the first day (of the last one, or
-- the cutoff day, without it); null where none is stated or a rate is missing (E46).
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

campaigns as (

    select
        source_name,
        campaign_id,
        name,
        kind,
        starts_on,
        ends_on,
        return_window_days,
        cost,
        coalesce(currency, '{{ var("reporting_currency") }}') as currency
    from {{ ref('stg_campaigns') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

exchange_rates as (

    select
        currency,
        valid_from,
        valid_to,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

begun as (

    select
        prefixes.id_prefix || campaigns.campaign_id as campaign_id,
        campaigns.source_name,
        campaigns.name,
        campaigns.kind,
        campaigns.starts_on,
        campaigns.ends_on,
        campaigns.return_window_days,
        campaigns.currency,
        {{ round_money('campaigns.cost') }} as cost_native,
        least(
            coalesce(campaigns.starts_on, campaigns.ends_on, data_cutoff.cutoff_day),
            data_cutoff.cutoff_day
        ) as priced_on
    from campaigns
    cross join data_cutoff
    inner join prefixes
        on campaigns.source_name = prefixes.source_name
    where
        campaigns.starts_on is null
        or campaigns.starts_on <= data_cutoff.cutoff_day

),

final as (

    select
        begun.campaign_id,
        begun.source_name,
        begun.name,
        begun.kind,
        begun.starts_on,
        begun.ends_on,
        begun.return_window_days,
        begun.priced_on,
        begun.currency,
        begun.cost_native,
        {{ convert_money('begun.cost_native', 'exchange_rates.rate_to_reporting') }} as cost,
        coalesce(begun.cost_native, 0) <> 0 and exchange_rates.currency is null
            as is_rate_missing
    from begun
    left join exchange_rates
        on begun.currency = exchange_rates.currency
        and begun.priced_on >= exchange_rates.valid_from
        and begun.priced_on < exchange_rates.valid_to

)

select * from final
