-- Nobody stands in a list for marketing who opted out, unsubscribed, was erased, has an open
-- complaint or has had as many contacts as the cap allows (definitions §7, May we write?). Read
-- from what was delivered, not from contact_eligibility, and channel by channel.
with

listed as (

    select
        'next_contacts' as list,
        customer_id,
        channel
    from {{ ref('next_contacts') }}

    union all

    select
        'win_back_candidates' as list,
        customer_id,
        contact_channel as channel
    from {{ ref('win_back_candidates') }}
    where contact_channel is not null

    union all

    select
        'win_back_candidates, suggested' as list,
        customer_id,
        suggested_channel as channel
    from {{ ref('win_back_candidates') }}
    where suggested_channel is not null

    union all

    select
        'at_risk_customers' as list,
        customer_id,
        contact_channel as channel
    from {{ ref('at_risk_customers') }}
    where contact_channel is not null

),

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

-- a choice about all channels is one about each, and the later of two counts
last_words as (

    select
        preferences.customer_id,
        contact_channels.channel,
        max(preferences.changed_at) as changed_at,
        max(case when not coalesce(preferences.opted_in, false) then preferences.changed_at end)
            as opted_out_at
    from {{ ref('int_contact_preferences_known') }} as preferences
    inner join {{ ref('contact_channels') }} as contact_channels
        on lower(preferences.channel) in (contact_channels.channel, 'all', 'any', '*')
    group by
        preferences.customer_id,
        contact_channels.channel

),

last_unsubscribed as (

    select
        customer_id,
        lower(channel) as channel,
        max(unsubscribed_at) as unsubscribed_at
    from {{ ref('int_messages_known') }}
    group by
        customer_id,
        lower(channel)

),

contacts as (

    select
        contacts.customer_id,
        contacts.channel,
        count(*) as contacts
    from {{ ref('contacts') }} as contacts
    cross join data_cutoff
    inner join {{ ref('contact_channels') }} as contact_channels
        on contacts.channel = contact_channels.channel
    where {{ days_between('contacts.contacted_on', 'data_cutoff.cutoff_day') }}
        < contact_channels.cap_days
    group by
        contacts.customer_id,
        contacts.channel

),

open_complaints as (

    select distinct customer_id
    from {{ ref('int_complaints_known') }}
    where status <> 'resolved'

)

select
    listed.list,
    listed.customer_id,
    listed.channel
from listed
left join {{ ref('customers') }} as customers
    on listed.customer_id = customers.customer_id
left join {{ ref('contact_channels') }} as contact_channels
    on listed.channel = contact_channels.channel
left join last_words
    on
    listed.customer_id = last_words.customer_id
    and listed.channel = last_words.channel
left join last_unsubscribed
    on
    listed.customer_id = last_unsubscribed.customer_id
    and listed.channel = last_unsubscribed.channel
left join contacts
    on
    listed.customer_id = contacts.customer_id
    and listed.channel = contacts.channel
left join open_complaints
    on listed.customer_id = open_complaints.customer_id
where
    customers.customer_id is null
    or customers.is_erased
    or customers.is_test
    or not coalesce(contact_channels.is_marketing, false)
    or last_words.opted_out_at = last_words.changed_at
    or (
        last_unsubscribed.unsubscribed_at is not null
        and (
            last_words.changed_at is null
            or last_words.changed_at <= last_unsubscribed.unsubscribed_at
        )
    )
    or contacts.contacts >= contact_channels.contact_cap
    or open_complaints.customer_id is not null
