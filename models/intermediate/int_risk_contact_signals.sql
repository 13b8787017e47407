-- One row per day of int_risk_days, person and measure of contact that can be a signal: open and
-- repeated complaints, messages nobody opens, contact that stopped, was too much or never came,
-- consent withdrawn (definitions §7), each as it was known at the end of that day.
{{ config(materialized='view') }}
with

rules as (

    select
        signal,
        window_days,
        minimum
    from {{ ref('risk_signal_rules') }}
    where level = 1

),

people as (

    select
        evaluation_on,
        person_number,
        customer_id,
        first_day,
        occasions_so_far
    from {{ ref('int_risk_people') }}

),

complaints as (

    select
        customer_id,
        opened_on,
        resolved_at,
        resolved_on,
        reopened_at,
        reopened_on,
        is_undated
    from {{ ref('int_complaints_known') }}

),

messages as (

    select
        customer_id,
        sent_on,
        delivered_on,
        opened_on
    from {{ ref('int_messages_known') }}
    where variant = 'treatment'

),

contacts_begun as (

    select
        customer_id,
        channel,
        contacted_on,
        bounced_on
    from {{ ref('int_contacts_begun') }}

),

contact_channels as (

    select
        channel,
        contact_cap,
        cap_days
    from {{ ref('contact_channels') }}

),

contacts as (

    select
        person_number,
        kind,
        contact_on,
        next_on,
        contacts_so_far
    from {{ ref('int_risk_contacts') }}

),

withdrawals as (

    select
        customer_id,
        changed_on as withdrawn_on,
        next_on
    from {{ ref('int_contact_choices') }}
    where not is_opted_in

),

-- without window_days a complaint counts for as long as it is open
complained as (

    select
        people.evaluation_on,
        people.person_number,
        rules.signal,
        complaints.opened_on,
        rules.signal = 'complaint_repeated'
        or not (
            complaints.is_undated
            or coalesce(
                complaints.resolved_on <= people.evaluation_on
                and not coalesce(
                    complaints.reopened_at >= complaints.resolved_at
                    and complaints.reopened_on <= people.evaluation_on,
                    false
                ),
                false
            )
        ) as is_counted
    from people
    inner join complaints
        on
        people.customer_id = complaints.customer_id
        and people.evaluation_on >= complaints.opened_on
    inner join rules
        on
        rules.window_days is null
        or complaints.opened_on > {{ add_days('people.evaluation_on', '-rules.window_days') }}
    where rules.signal in ('complaint_open', 'complaint_repeated')

),

-- a message opened later was not opened yet
mailed as (

    select
        people.evaluation_on,
        people.person_number,
        count(*) as messages,
        min(messages.sent_on) as first_sent_on
    from people
    inner join messages
        on
        people.customer_id = messages.customer_id
        and people.evaluation_on >= messages.delivered_on
    inner join rules
        on messages.sent_on > {{ add_days('people.evaluation_on', '-rules.window_days') }}
    where rules.signal = 'messages_unopened'
    group by
        people.evaluation_on,
        people.person_number
    having
        not bool_or(coalesce(messages.opened_on <= people.evaluation_on, false))

),

capped_contacts as (

    select
        contacts_begun.customer_id,
        contact_channels.channel,
        contacts_begun.contacted_on,
        contacts_begun.bounced_on,
        contact_channels.contact_cap,
        contact_channels.cap_days
    from contacts_begun
    inner join contact_channels
        on contacts_begun.channel = contact_channels.channel

    union all

    select
        contacts_begun.customer_id,
        contact_channels.channel,
        contacts_begun.contacted_on,
        contacts_begun.bounced_on,
        contact_channels.contact_cap,
        contact_channels.cap_days
    from contacts_begun
    cross join contact_channels
    where contact_channels.channel = '(all)'

),

-- the caps of contact_eligibility; a message that came back later had not come back yet
pressed as (

    select
        people.evaluation_on,
        people.person_number,
        capped_contacts.channel,
        capped_contacts.contact_cap,
        count(*) - capped_contacts.contact_cap as contacts_above,
        min(capped_contacts.contacted_on) as first_contact_on
    from people
    inner join rules
        on rules.signal = 'contacted_too_often'
    inner join capped_contacts
        on
        people.customer_id = capped_contacts.customer_id
        and people.evaluation_on >= capped_contacts.contacted_on
        and {{ add_days('people.evaluation_on', '-capped_contacts.cap_days') }}
        < capped_contacts.contacted_on
    where
        capped_contacts.bounced_on is null
        or people.evaluation_on < capped_contacts.bounced_on
    group by
        people.evaluation_on,
        people.person_number,
        capped_contacts.channel,
        capped_contacts.contact_cap
    having count(*) > capped_contacts.contact_cap

),

most_pressed as (

    select
        evaluation_on,
        person_number,
        contact_cap,
        contacts_above,
        first_contact_on
    from pressed
    qualify
        row_number() over (
            partition by evaluation_on, person_number
            order by
                contacts_above desc nulls last,
                contact_cap asc nulls last,
                channel asc nulls last
        ) = 1

),

-- contacts in the year before the silence: those up to the last one, less those before that year
talked as (

    select
        people.evaluation_on,
        people.person_number,
        last_talk.contact_on,
        last_talk.contacts_so_far - coalesce(earlier_talk.contacts_so_far, 0) as contacts,
        rules.minimum
    from people
    inner join contacts as last_talk
        on
        people.person_number = last_talk.person_number
        and people.evaluation_on >= last_talk.contact_on
        and (last_talk.next_on is null or people.evaluation_on < last_talk.next_on)
        and last_talk.kind = 'talk'
    inner join rules
        on rules.signal = 'contact_stopped'
    left join contacts as earlier_talk
        on
        last_talk.person_number = earlier_talk.person_number
        and last_talk.kind = earlier_talk.kind
        and earlier_talk.contact_on
        <= {{ add_days('last_talk.contact_on', '-rules.window_days') }}
        and earlier_talk.next_on
        > {{ add_days('last_talk.contact_on', '-rules.window_days') }}

),

unattended as (

    select
        people.evaluation_on,
        people.person_number,
        coalesce(contacts.contact_on, people.first_day) as since_on
    from people
    inner join rules
        on
        rules.signal = 'no_attention'
        and people.occasions_so_far >= rules.minimum
    left join contacts
        on
        people.person_number = contacts.person_number
        and people.evaluation_on >= contacts.contact_on
        and (contacts.next_on is null or people.evaluation_on < contacts.next_on)
        and contacts.kind = 'any'

),

-- where nobody was ever contacted, nothing is known about attention
contact_history as (

    select min(contact_on) as first_on
    from contacts

),

-- consent refused from the start is no withdrawal
withdrawn as (

    select
        people.evaluation_on,
        people.person_number,
        count(*) as withdrawals,
        max(withdrawals.withdrawn_on) as since_on
    from people
    inner join withdrawals
        on
        people.customer_id = withdrawals.customer_id
        and people.evaluation_on >= withdrawals.withdrawn_on
        and (withdrawals.next_on is null or people.evaluation_on < withdrawals.next_on)
        and people.first_day < withdrawals.withdrawn_on
    inner join rules
        on withdrawals.withdrawn_on > {{ add_days('people.evaluation_on', '-rules.window_days') }}
    where rules.signal = 'unsubscribed'
    group by
        people.evaluation_on,
        people.person_number

),

final as (

    select
        evaluation_on,
        person_number,
        signal,
        cast(count(*) as double) as value,
        cast(null as double) as baseline,
        case signal when 'complaint_repeated' then max(opened_on) else min(opened_on) end
            as since_on
    from complained
    where is_counted
    group by
        evaluation_on,
        person_number,
        signal

    union all

    select
        evaluation_on,
        person_number,
        'messages_unopened' as signal,
        cast(messages as double) as value,
        cast(null as double) as baseline,
        first_sent_on as since_on
    from mailed

    union all

    select
        evaluation_on,
        person_number,
        'contacted_too_often' as signal,
        cast(contacts_above as double) as value,
        cast(contact_cap as double) as baseline,
        first_contact_on as since_on
    from most_pressed

    union all

    select
        evaluation_on,
        person_number,
        'contact_stopped' as signal,
        cast({{ days_between('contact_on', 'evaluation_on') }} as double) as value,
        cast(contacts as double) as baseline,
        contact_on as since_on
    from talked
    where contacts >= minimum

    union all

    select
        unattended.evaluation_on,
        unattended.person_number,
        'no_attention' as signal,
        cast(
            {{ days_between('unattended.since_on', 'unattended.evaluation_on') }} as double
        ) as value,
        cast(null as double) as baseline,
        unattended.since_on
    from unattended
    cross join contact_history
    where contact_history.first_on <= unattended.evaluation_on

    union all

    select
        evaluation_on,
        person_number,
        'unsubscribed' as signal,
        cast(withdrawals as double) as value,
        cast(null as double) as baseline,
        since_on
    from withdrawn

)

select * from final
