-- One row per campaign.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

campaigns as (

    select
        _source as source_name,
        campaign_id,
        name,
        kind,
        starts_on,
        ends_on,
        return_window_days,
        cost,
        currency
    from {{ source('landing', 'campaigns') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from campaigns

)

select * from final
