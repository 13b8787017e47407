-- One row per person, channel of seeds/contact_channels and instant of a choice about it: what
-- holds from changed_on to the day before next_on (definitions §7, May we write?). Who speaks of
-- all channels speaks of each; unsubscribing by a message is a no; of one instant the no counts.
with

contact_channels as (

    select channel
    from {{ ref('contact_channels') }}
    where channel <> '(all)'

),

contact_preferences as (

    select
        customer_id,
        lower(channel) as channel,
        coalesce(opted_in, false) as is_opted_in,
        changed_at,
        changed_on
    from {{ ref('int_contact_preferences_known') }}

),

messages as (

    select
        customer_id,
        lower(channel) as channel,
        unsubscribed_at,
        unsubscribed_on
    from {{ ref('int_messages_known') }}
    where unsubscribed_at is not null

),

choices as (

    select
        contact_preferences.customer_id,
        contact_channels.channel,
        contact_preferences.is_opted_in,
        contact_preferences.changed_at,
        contact_preferences.changed_on
    from contact_preferences
    inner join contact_channels
        on
        contact_preferences.channel = contact_channels.channel
        or contact_preferences.channel in ('all', 'any', '*')

    union all

    select
        messages.customer_id,
        messages.channel,
        false as is_opted_in,
        messages.unsubscribed_at as changed_at,
        messages.unsubscribed_on as changed_on
    from messages
    inner join contact_channels
        on messages.channel = contact_channels.channel

),

decided as (

    select
        customer_id,
        channel,
        changed_at,
        changed_on,
        bool_and(is_opted_in) as is_opted_in
    from choices
    group by
        customer_id,
        channel,
        changed_at,
        changed_on

),

final as (

    select
        customer_id,
        channel,
        is_opted_in,
        changed_at,
        changed_on,
        lead(changed_on) over (
            partition by customer_id, channel
            order by changed_at nulls first
        ) as next_on
    from decided

)

select * from final
