-- One row per person and local day on which the business and the person were in contact:
-- interactions, messages that were delivered, and what those messages offered.
with

interactions as (

    select
        customer_id,
        occurred_on
    from {{ ref('int_interactions_known') }}

),

messages as (

    select
        customer_id,
        delivered_on,
        offer_cost
    from {{ ref('int_messages_known') }}
    where delivered_on is not null and variant <> 'control'

),

people as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

contacts as (

    select
        customer_id,
        occurred_on as contact_on,
        1 as interactions,
        0 as messages,
        cast(null as decimal(18, 2)) as offer_cost
    from interactions

    union all

    select
        customer_id,
        delivered_on as contact_on,
        0 as interactions,
        1 as messages,
        offer_cost
    from messages

),

final as (

    select
        people.person_number,
        contacts.contact_on,
        cast(sum(contacts.interactions) as bigint) as interactions,
        cast(sum(contacts.messages) as bigint) as messages,
        cast(sum(contacts.offer_cost) as decimal(18, 2)) as offer_cost
    from contacts
    inner join people
        on contacts.customer_id = people.customer_id
    group by
        people.person_number,
        contacts.contact_on

)

select * from final
