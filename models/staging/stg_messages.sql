-- One row per person and message, control group included (nothing delivered).
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

messages as (

    select
        _source as source_name,
        message_id,
        campaign_id,
        customer_id,
        channel,
        variant,
        sent_at,
        delivered_at,
        opened_at,
        clicked_at,
        bounced_at,
        unsubscribed_at,
        offer_cost,
        {{ local_day('sent_at') }} as sent_on,
        {{ local_day('delivered_at') }} as delivered_on,
        {{ local_day('opened_at') }} as opened_on,
        {{ local_day('clicked_at') }} as clicked_on,
        {{ local_day('bounced_at') }} as bounced_on,
        {{ local_day('unsubscribed_at') }} as unsubscribed_on
    from {{ source('landing', 'messages') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from messages

)

select * from final
