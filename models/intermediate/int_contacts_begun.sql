-- One row per time before the cutoff the business wrote or spoke to a known person of its own
-- accord: messages sent, those that came back too, and contacts outward. The control group and
-- contacts that began with the customer are not here.
{{ config(materialized='view') }}
with

messages as (

    select
        message_id,
        customer_id,
        campaign_id,
        lower(channel) as channel,
        sent_at,
        sent_on,
        opened_on,
        bounced_on,
        unsubscribed_on
    from {{ ref('int_messages_known') }}
    where variant <> 'control'

),

interactions as (

    select
        interaction_id,
        customer_id,
        coalesce(lower(channel), '(none)') as channel,
        occurred_at,
        occurred_on
    from {{ ref('int_interactions_known') }}
    where direction = 'out'

),

final as (

    select
        'message:' || message_id as contact_id,
        customer_id,
        campaign_id,
        'message' as kind,
        channel,
        sent_at as contacted_at,
        sent_on as contacted_on,
        opened_on,
        bounced_on,
        unsubscribed_on
    from messages

    union all

    select
        'interaction:' || interaction_id as contact_id,
        customer_id,
        cast(null as string) as campaign_id,
        'interaction' as kind,
        channel,
        occurred_at as contacted_at,
        occurred_on as contacted_on,
        cast(null as date) as opened_on,
        cast(null as date) as bounced_on,
        cast(null as date) as unsubscribed_on
    from interactions

)

select * from final
