-- One row per time the business wrote or spoke to a known person of its own accord: messages that
-- went out, and contacts outward. The control group, what bounced, and contacts that began with the
-- customer are not here.
with

contacts_begun as (

    select
        contact_id,
        customer_id,
        campaign_id,
        kind,
        channel,
        contacted_at,
        contacted_on,
        opened_on,
        unsubscribed_on
    from {{ ref('int_contacts_begun') }}
    where bounced_on is null

),

final as (

    select
        contact_id,
        customer_id,
        campaign_id,
        kind,
        channel,
        contacted_at,
        contacted_on,
        opened_on,
        unsubscribed_on
    from contacts_begun

)

select * from final
