-- One row per person and local day of contact, with its number among the person's days of contact:
-- kind talk (interactions) and kind any (messages delivered as well). Holds from contact_on to the
-- day before next_on.
with

people as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

interactions as (

    select
        customer_id,
        occurred_on
    from {{ ref('int_interactions_known') }}

),

messages as (

    select
        customer_id,
        delivered_on
    from {{ ref('int_messages_known') }}
    where delivered_on is not null and variant = 'treatment'

),

contacts as (

    select
        customer_id,
        'talk' as kind,
        occurred_on as contact_on
    from interactions

    union all

    select
        customer_id,
        'any' as kind,
        occurred_on as contact_on
    from interactions

    union all

    select
        customer_id,
        'any' as kind,
        delivered_on as contact_on
    from messages

),

contact_days as (

    select distinct
        people.person_number,
        contacts.kind,
        contacts.contact_on
    from contacts
    inner join people
        on contacts.customer_id = people.customer_id

),

final as (

    select
        person_number,
        kind,
        contact_on,
        lead(contact_on) over person_contacts as next_on,
        cast(row_number() over person_contacts as integer) as contacts_so_far
    from contact_days
    window
        person_contacts as (
            partition by person_number, kind
            order by contact_on nulls first
        )

)

select * from final
