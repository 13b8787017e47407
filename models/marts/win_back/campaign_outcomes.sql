-- One row per campaign, arm (treatment, control), dimension and value at contact: what was sent,
-- who came back within the window, what it brought and cost (definitions §7, Outcomes). Against the
-- control group the difference is an effect; without one it is not causal, whatever it is. People
-- of one dimension sum to the campaign's; a person may be in several campaigns.
with

campaigns as (

    select
        campaign_id,
        name as campaign_name,
        kind as campaign_kind,
        cost as campaign_cost
    from {{ ref('int_campaigns_known') }}

),

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

campaign_contacts as (

    select
        campaign_id,
        customer_id,
        variant,
        channel,
        state_at_contact,
        sent_on,
        window_ends_on,
        returned_on,
        messages,
        delivered_messages,
        opened_messages,
        clicked_messages,
        unsubscribed_messages,
        offer_cost,
        orders,
        revenue,
        is_complete
    from {{ ref('campaign_contacts') }}

),

people_numbers as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

dimension_spells as (

    select
        person_number,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension in ('value_class', 'loyalty_tier')

),

-- whose first order or paid service, whichever came first, makes them a customer
customers as (

    select
        customer_id,
        {{ local_day('least(first_order_at, first_paid_service_at)') }} as first_on
    from {{ ref('customers') }}
    where first_order_at is not null or first_paid_service_at is not null

),

acquisition_costs as (

    select
        customer_id,
        acquisition_cost
    from {{ ref('int_acquisition_costs') }}

),

dimensions as (

    select distinct dimension
    from dimension_spells

),

-- as known at the end of the day before the message; prospects have no value yet (E24)
segments as (

    select
        campaign_contacts.campaign_id,
        campaign_contacts.customer_id,
        dimensions.dimension,
        coalesce(dimension_spells.value, '(none)') as value
    from campaign_contacts
    cross join dimensions
    left join people_numbers
        on campaign_contacts.customer_id = people_numbers.customer_id
    left join dimension_spells
        on
        people_numbers.person_number = dimension_spells.person_number
        and dimensions.dimension = dimension_spells.dimension
        and campaign_contacts.sent_on > dimension_spells.valid_from
        and (
            dimension_spells.valid_to is null
            or campaign_contacts.sent_on <= dimension_spells.valid_to
        )

    union all

    select
        campaign_id,
        customer_id,
        'all' as dimension,
        'all' as value
    from campaign_contacts

    union all

    select
        campaign_id,
        customer_id,
        'state_at_contact' as dimension,
        state_at_contact as value
    from campaign_contacts

    union all

    select
        campaign_id,
        customer_id,
        'channel' as dimension,
        channel as value
    from campaign_contacts

),

cells as (

    select
        campaign_contacts.campaign_id,
        campaign_contacts.variant,
        segments.dimension,
        segments.value,
        min(campaign_contacts.sent_on) as first_sent_on,
        max(campaign_contacts.sent_on) as last_sent_on,
        max(campaign_contacts.window_ends_on) as last_window_ends_on,
        count(*) as people,
        sum(campaign_contacts.messages) as sent,
        sum(campaign_contacts.delivered_messages) as delivered,
        sum(campaign_contacts.opened_messages) as opened,
        sum(campaign_contacts.clicked_messages) as clicked,
        sum(campaign_contacts.unsubscribed_messages) as unsubscribed,
        count(campaign_contacts.returned_on) as returned,
        sum(campaign_contacts.orders) as orders,
        sum(campaign_contacts.revenue) as revenue,
        sum(campaign_contacts.offer_cost) as offer_cost,
        bool_and(campaign_contacts.is_complete) as is_complete
    from campaign_contacts
    inner join segments
        on
        campaign_contacts.campaign_id = segments.campaign_id
        and campaign_contacts.customer_id = segments.customer_id
    group by
        campaign_contacts.campaign_id,
        campaign_contacts.variant,
        segments.dimension,
        segments.value

),

totals as (

    select
        campaign_id,
        min(first_sent_on) as first_sent_on,
        sum(case when variant <> 'control' then people end) as people_reached
    from cells
    where dimension = 'all'
    group by campaign_id

),

first_days as (

    select
        customers.first_on,
        count(*) as customers,
        sum(acquisition_costs.acquisition_cost) as acquisition_cost
    from customers
    inner join acquisition_costs
        on customers.customer_id = acquisition_costs.customer_id
    group by customers.first_on

),

-- what a customer new in the year before the campaign had cost
new_customers as (

    select
        totals.campaign_id,
        sum(first_days.customers) as customers,
        sum(first_days.acquisition_cost) as acquisition_cost
    from totals
    inner join first_days
        on
        totals.first_sent_on > first_days.first_on
        and first_days.first_on >= {{ add_days('totals.first_sent_on', -365) }}
    group by totals.campaign_id

),

costed as (

    select
        cells.*,
        campaigns.campaign_name,
        campaigns.campaign_kind,
        controls.people as control_people,
        controls.returned as control_returned,
        controls.revenue as control_revenue,
        new_customers.customers as new_customers,
        new_customers.acquisition_cost,
        -- the campaign's own cost is shared by the people it reached
        cast(
            cells.offer_cost + case
                when cells.variant = 'control' or campaigns.campaign_cost is null then 0
                else {{ prorate_money(
                    'cast(campaigns.campaign_cost as decimal(18, 2))',
                    'cast(cells.people as decimal(18, 2))',
                    'cast(totals.people_reached as decimal(18, 2))'
                ) }}
            end as decimal(18, 2)
        ) as cost,
        coalesce(cells.is_complete and (controls.people is null or controls.is_complete), false)
            as is_over
    from cells
    -- a campaign may be named by its messages alone
    left join campaigns
        on cells.campaign_id = campaigns.campaign_id
    inner join totals
        on cells.campaign_id = totals.campaign_id
    left join new_customers
        on cells.campaign_id = new_customers.campaign_id
    left join cells as controls
        on
        cells.campaign_id = controls.campaign_id
        and cells.dimension = controls.dimension
        and cells.value = controls.value
        and cells.variant <> 'control'
        and controls.variant = 'control'

),

-- what the people written to brought beyond what as many of the held back did
compared as (

    select
        costed.*,
        case
            when costed.is_over and costed.control_people > 0
                then costed.revenue - {{ prorate_money(
                    'cast(costed.control_revenue as decimal(18, 2))',
                    'cast(costed.people as decimal(18, 2))',
                    'cast(costed.control_people as decimal(18, 2))'
                ) }}
        end as incremental_revenue
    from costed

),

final as (

    select
        compared.campaign_id,
        compared.variant,
        compared.dimension,
        compared.value,
        compared.campaign_name,
        compared.campaign_kind,
        compared.first_sent_on,
        compared.last_sent_on,
        compared.people,
        cast(compared.sent as bigint) as sent,
        cast(compared.delivered as bigint) as delivered,
        cast(compared.opened as bigint) as opened,
        cast(compared.clicked as bigint) as clicked,
        cast(compared.unsubscribed as bigint) as unsubscribed,
        compared.returned,
        cast(compared.orders as bigint) as orders,
        compared.control_people,
        compared.control_returned,
        cast(compared.revenue as decimal(18, 2)) as revenue,
        compared.cost,
        case
            when compared.orders > 0 and compared.variant <> 'control'
                then {{ prorate_money(
                    'compared.cost',
                    'cast(1 as decimal(18, 2))',
                    'cast(compared.orders as decimal(18, 2))'
                ) }}
        end as cost_per_order,
        case
            when compared.new_customers > 0
                then {{ prorate_money(
                    'cast(compared.acquisition_cost as decimal(18, 2))',
                    'cast(1 as decimal(18, 2))',
                    'cast(compared.new_customers as decimal(18, 2))'
                ) }}
        end as new_customer_cost,
        cast(compared.incremental_revenue as decimal(18, 2)) as incremental_revenue,
        case when compared.is_over then {{ share('compared.returned', 'compared.people') }} end
            as return_rate,
        case when compared.is_over then {{ wilson_low('compared.returned', 'compared.people') }} end
            as return_rate_low,
        case
            when compared.is_over then {{ wilson_high('compared.returned', 'compared.people') }}
        end as return_rate_high,
        case
            when compared.is_over
                then {{ share('compared.control_returned', 'compared.control_people') }}
        end as control_return_rate,
        case
            when compared.is_over
                then
                    {{ share('compared.returned', 'compared.people') }}
                    - {{ share('compared.control_returned', 'compared.control_people') }}
        end as uplift,
        case
            when compared.is_over
                then {{ difference_low(
                    'compared.returned', 'compared.people',
                    'compared.control_returned', 'compared.control_people'
                ) }}
        end as uplift_low,
        case
            when compared.is_over
                then {{ difference_high(
                    'compared.returned', 'compared.people',
                    'compared.control_returned', 'compared.control_people'
                ) }}
        end as uplift_high,
        {{ share('compared.incremental_revenue - compared.cost', 'compared.cost') }}
            as return_on_spend,
        case
            when compared.variant = 'control' then 'held back'
            when compared.control_people > 0 then 'control group'
            else 'not causal'
        end as evidence,
        compared.is_over as is_complete,
        {{ add_days('compared.last_window_ends_on', var('settle_days')) }}
        <= {{ add_days('data_cutoff.cutoff_day', 1) }} as is_final,
        compared.people < {{ var('small_cell_size') }}
        or coalesce(compared.control_people < {{ var('small_cell_size') }}, false) as is_small
    from compared
    cross join data_cutoff

)

select * from final
