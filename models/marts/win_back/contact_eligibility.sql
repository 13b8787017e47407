-- One row per person known at the cutoff and channel of seeds/contact_channels: may marketing write
-- or speak to them there, and if not, why (definitions §7, May we write?). The first reason that
-- holds is named. Every list of next contacts reads this one.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

customers as (

    select
        customer_id,
        is_erased,
        is_test
    from {{ ref('customers') }}

),

preferences as (

    select
        customer_id,
        lower(preferred_channel) as preferred_channel
    from {{ ref('int_customer_traits') }}
    where preferred_channel is not null

),

contact_channels as (

    select
        channel,
        position,
        is_marketing,
        contact_cap,
        cap_days
    from {{ ref('contact_channels') }}
    where channel <> '(all)'

),

overall_cap as (

    select
        max(contact_cap) as contact_cap,
        max(cap_days) as cap_days
    from {{ ref('contact_channels') }}
    where channel = '(all)'

),

latest_choices as (

    select
        customer_id,
        channel,
        is_opted_in,
        changed_on
    from {{ ref('int_contact_choices') }}
    where next_on is null

),

messages as (

    select
        customer_id,
        lower(channel) as channel,
        variant,
        sent_at,
        delivered_at,
        bounced_at,
        bounced_on
    from {{ ref('int_messages_known') }}

),

contacts as (

    select
        customer_id,
        channel,
        contacted_on
    from {{ ref('contacts') }}

),

complaints as (

    select
        customer_id,
        status
    from {{ ref('int_complaints_known') }}

),

-- an address whose last message came back
latest_messages as (

    select
        customer_id,
        channel,
        bounced_on
    from messages
    where variant <> 'control' and (delivered_at is not null or bounced_at is not null)
    qualify
        row_number() over (
            partition by customer_id, channel
            order by sent_at desc nulls last, bounced_at desc nulls last
        ) = 1

),

channel_contacts as (

    select
        contacts.customer_id,
        contacts.channel,
        count(*) as contacts
    from contacts
    cross join data_cutoff
    inner join contact_channels
        on
        contacts.channel = contact_channels.channel
        and {{ add_days('data_cutoff.cutoff_day', '-contact_channels.cap_days') }}
        < contacts.contacted_on
    group by
        contacts.customer_id,
        contacts.channel

),

all_contacts as (

    select
        contacts.customer_id,
        count(*) as contacts
    from contacts
    cross join data_cutoff
    inner join overall_cap
        on
        {{ add_days('data_cutoff.cutoff_day', '-overall_cap.cap_days') }}
        < contacts.contacted_on
    group by contacts.customer_id

),

open_complaints as (

    select
        customer_id,
        count(*) as complaints
    from complaints
    where status <> 'resolved'
    group by customer_id

),

known as (

    select
        customers.customer_id,
        contact_channels.channel,
        contact_channels.position,
        contact_channels.is_marketing,
        contact_channels.contact_cap,
        overall_cap.contact_cap as all_contact_cap,
        latest_choices.is_opted_in,
        latest_choices.changed_on as choice_changed_on,
        coalesce(channel_contacts.contacts, 0) as contacts,
        coalesce(all_contacts.contacts, 0) as all_contacts,
        coalesce(open_complaints.complaints, 0) as open_complaints,
        latest_messages.bounced_on,
        case
            when customers.is_test then 'test account'
            when customers.is_erased then 'erased'
            when latest_choices.is_opted_in = false then 'opted out'
            {% if var('opt_in_only') %}
                when latest_choices.is_opted_in is null then 'no consent'
            {% endif %}
            when latest_messages.bounced_on is not null then 'unreachable'
        end as no_contact_reason
    from customers
    cross join contact_channels
    cross join overall_cap
    left join latest_choices
        on
        customers.customer_id = latest_choices.customer_id
        and contact_channels.channel = latest_choices.channel
    left join latest_messages
        on
        customers.customer_id = latest_messages.customer_id
        and contact_channels.channel = latest_messages.channel
    left join channel_contacts
        on
        customers.customer_id = channel_contacts.customer_id
        and contact_channels.channel = channel_contacts.channel
    left join all_contacts
        on customers.customer_id = all_contacts.customer_id
    left join open_complaints
        on customers.customer_id = open_complaints.customer_id

),

reasoned as (

    select
        known.*,
        case
            when known.no_contact_reason is not null then known.no_contact_reason
            when known.open_complaints > 0 then 'open complaint: service only'
            when not known.is_marketing then 'channel is for service only'
            when known.contacts >= known.contact_cap then 'over the cap of the channel'
            when known.all_contacts >= known.all_contact_cap then 'over the cap of all channels'
        end as reason
    from known

),

-- the channel the person prefers, else the first of the list that is open to us
first_choices as (

    select
        reasoned.customer_id,
        reasoned.channel
    from reasoned
    left join preferences
        on reasoned.customer_id = preferences.customer_id
    where reasoned.reason is null
    qualify
        row_number() over (
            partition by reasoned.customer_id
            order by
                case
                    when reasoned.channel = preferences.preferred_channel then 0
                    else reasoned.position
                end asc nulls last,
                reasoned.channel asc nulls last
        ) = 1

),

final as (

    select
        reasoned.customer_id,
        reasoned.channel,
        reasoned.reason,
        reasoned.choice_changed_on,
        reasoned.bounced_on,
        reasoned.contacts,
        cast(reasoned.contact_cap as bigint) as contact_cap,
        reasoned.all_contacts,
        cast(reasoned.all_contact_cap as bigint) as all_contact_cap,
        reasoned.open_complaints,
        reasoned.is_opted_in,
        reasoned.reason is null as is_eligible,
        first_choices.channel is not null as is_first_choice,
        reasoned.no_contact_reason is null as is_service_allowed
    from reasoned
    left join first_choices
        on
        reasoned.customer_id = first_choices.customer_id
        and reasoned.channel = first_choices.channel

)

select * from final
