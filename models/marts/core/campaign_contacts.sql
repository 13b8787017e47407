-- One row per campaign and person it wrote to or held back: the first message decides the arm and
-- the day the window begins, whatever was sent later (as assigned, definitions §7, Outcomes). What
-- they bought counts from that message's instant to the last day of the window.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

campaigns as (

    select
        campaign_id,
        return_window_days
    from {{ ref('int_campaigns_known') }}

),

messages as (

    select
        message_id,
        campaign_id,
        customer_id,
        channel,
        variant,
        sent_at,
        sent_on,
        delivered_at,
        opened_at,
        clicked_at,
        unsubscribed_at,
        offer_cost
    from {{ ref('int_messages_known') }}
    where campaign_id is not null

),

purchases as (

    select
        customer_id,
        ordered_at,
        ordered_on,
        net_revenue,
        is_purchase
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

-- a subscription buys too: with the first day of a paid service that follows none
lifecycle as (

    select
        customer_id,
        basis,
        state,
        valid_from,
        valid_to,
        lag(state) over (
            partition by customer_id, basis
            order by valid_from nulls first, valid_to nulls last
        ) as state_before
    from {{ ref('customer_lifecycle') }}

),

first_messages as (

    select
        campaign_id,
        customer_id,
        channel,
        variant,
        sent_at,
        sent_on
    from messages
    qualify
        row_number() over (
            partition by campaign_id, customer_id
            order by sent_at nulls first, message_id nulls first
        ) = 1

),

sums as (

    select
        campaign_id,
        customer_id,
        count(*) filter (where variant <> 'control') as messages,
        count(*) filter (where variant = 'control') as withheld_messages,
        count(delivered_at) as delivered_messages,
        count(opened_at) as opened_messages,
        count(clicked_at) as clicked_messages,
        count(unsubscribed_at) as unsubscribed_messages,
        sum(offer_cost) as offer_cost
    from messages
    group by
        campaign_id,
        customer_id

),

contacts as (

    select
        first_messages.campaign_id,
        first_messages.customer_id,
        first_messages.channel,
        first_messages.variant,
        first_messages.sent_at,
        first_messages.sent_on,
        {{ add_days(
            'first_messages.sent_on',
            'coalesce(campaigns.return_window_days, ' ~ var('return_window_days') ~ ')'
        ) }} as window_ends_on
    from first_messages
    left join campaigns
        on first_messages.campaign_id = campaigns.campaign_id

),

bought as (

    select
        contacts.campaign_id,
        contacts.customer_id,
        min(case when purchases.is_purchase then purchases.ordered_on end) as purchased_on,
        count(case when purchases.is_purchase then 1 end) as orders,
        sum(purchases.net_revenue) as revenue
    from contacts
    inner join purchases
        on
        contacts.customer_id = purchases.customer_id
        and contacts.sent_at < purchases.ordered_at
        and contacts.window_ends_on > purchases.ordered_on
    group by
        contacts.campaign_id,
        contacts.customer_id

),

-- whole local days: a service that begins on the day of the message may have begun before it
subscribed as (

    select
        contacts.campaign_id,
        contacts.customer_id,
        min(lifecycle.valid_from) as subscribed_on
    from contacts
    inner join lifecycle
        on
        contacts.customer_id = lifecycle.customer_id
        and contacts.sent_on < lifecycle.valid_from
        and contacts.window_ends_on > lifecycle.valid_from
    where
        lifecycle.basis = 'subscriptions'
        and lifecycle.state in ('active', 'returned')
        and coalesce(lifecycle.state_before, 'lost') = 'lost'
    group by
        contacts.campaign_id,
        contacts.customer_id

),

-- as it was at the end of the day before
states as (

    select
        contacts.campaign_id,
        contacts.customer_id,
        lifecycle.state
    from contacts
    inner join lifecycle
        on
        contacts.customer_id = lifecycle.customer_id
        and contacts.sent_on > lifecycle.valid_from
        and (lifecycle.valid_to is null or contacts.sent_on <= lifecycle.valid_to)
    where
        lifecycle.basis = 'any'
        and (lifecycle.valid_to is null or lifecycle.valid_from < lifecycle.valid_to)

),

final as (

    select
        contacts.campaign_id,
        contacts.customer_id,
        contacts.variant,
        contacts.channel,
        coalesce(states.state, 'prospect') as state_at_contact,
        contacts.sent_at,
        contacts.sent_on,
        contacts.window_ends_on,
        least(
            coalesce(bought.purchased_on, subscribed.subscribed_on),
            coalesce(subscribed.subscribed_on, bought.purchased_on)
        ) as returned_on,
        sums.messages,
        sums.withheld_messages,
        sums.delivered_messages,
        sums.opened_messages,
        sums.clicked_messages,
        sums.unsubscribed_messages,
        cast(coalesce(sums.offer_cost, 0) as decimal(18, 2)) as offer_cost,
        coalesce(bought.orders, 0) as orders,
        cast(coalesce(bought.revenue, 0) as decimal(18, 2)) as revenue,
        sums.messages > 0 and sums.withheld_messages > 0 as is_in_both_arms,
        contacts.window_ends_on <= {{ add_days('data_cutoff.cutoff_day', 1) }} as is_complete
    from contacts
    cross join data_cutoff
    inner join sums
        on
        contacts.campaign_id = sums.campaign_id
        and contacts.customer_id = sums.customer_id
    left join bought
        on
        contacts.campaign_id = bought.campaign_id
        and contacts.customer_id = bought.customer_id
    left join subscribed
        on
        contacts.campaign_id = subscribed.campaign_id
        and contacts.customer_id = subscribed.customer_id
    left join states
        on
        contacts.campaign_id = states.campaign_id
        and contacts.customer_id = states.customer_id

)

select * from final
