-- One row per month end, person and channel with contacts from us in the 30 days up to it, and per
-- month end and person for all channels together, with what came in the days after it. Only the
-- last 12 month ends whose days after are over. Rows depend on contacts, not on people.
with

month_ends as (

    select observed_on
    from {{ ref('int_observed_month_ends') }}

),

contacts as (

    select
        customer_id,
        channel,
        contacted_on,
        opened_on,
        unsubscribed_on
    from {{ ref('contacts') }}

),

customer_lifecycle as (

    select
        customer_id,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'

),

outcomes as (

    select
        observed_on,
        customer_id,
        is_lost,
        is_complaining
    from {{ ref('int_observed_outcomes') }}

),

windows as (

    select
        month_ends.observed_on,
        contacts.customer_id,
        contacts.channel,
        contacts.opened_on,
        contacts.unsubscribed_on
    from month_ends
    inner join contacts
        on
        month_ends.observed_on >= contacts.contacted_on
        and {{ add_days('month_ends.observed_on', -30) }} < contacts.contacted_on

),

counts as (

    select
        observed_on,
        customer_id,
        coalesce(channel, 'all') as channel,
        count(*) as contacts,
        count(opened_on) > 0 as is_opened,
        count(unsubscribed_on) > 0 as is_unsubscribed
    from windows
    group by grouping sets (
        (observed_on, customer_id, channel), (observed_on, customer_id)
    )

),

final as (

    select
        counts.observed_on,
        counts.customer_id,
        counts.channel,
        customer_lifecycle.state,
        counts.contacts,
        counts.is_opened,
        counts.is_unsubscribed,
        coalesce(outcomes.is_complaining, false) as is_complaining,
        coalesce(outcomes.is_lost, false) as is_lost
    from counts
    inner join customer_lifecycle
        on
        counts.customer_id = customer_lifecycle.customer_id
        and counts.observed_on >= customer_lifecycle.valid_from
        and (
            customer_lifecycle.valid_to is null
            or counts.observed_on < customer_lifecycle.valid_to
        )
    left join outcomes
        on
        counts.observed_on = outcomes.observed_on
        and counts.customer_id = outcomes.customer_id

)

select * from final
