-- One row per day, acquisition channel and campaign.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

marketing_spend as (

    select
        _source as source_name,
        spent_on,
        acquisition_channel,
        campaign_id,
        amount,
        currency
    from {{ source('landing', 'marketing_spend') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from marketing_spend

)

select * from final
