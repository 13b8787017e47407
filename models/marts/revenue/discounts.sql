-- One row per month, tenure band and value class, with totals: what customers were given as
-- discount, contacts and offers, beside what the new got (definitions §4, Discounts). Orders and
-- contacts count under band and class of their day, customers under those at the close; contacts
-- with the lost and orders of nobody are left out. Customers do not add up over months.
with

periods as (

    select
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain = 'month'

),

tenure_bands as (

    select
        tenure_band,
        from_months
    from {{ ref('tenure_bands') }}

),

stretches as (

    select
        person_number,
        tenure_band,
        value_class,
        valid_from,
        valid_to
    from {{ ref('int_tenure_stretches') }}

),

people as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

orders as (

    select
        customer_id,
        ordered_on,
        {{ convert_money('gross_amount', 'exchange_rate') }} as gross_amount,
        {{ convert_money('discount_amount', 'exchange_rate') }} as discount_amount
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

contacts as (

    select
        person_number,
        contact_on,
        interactions,
        messages,
        offer_cost
    from {{ ref('int_contact_days') }}

),

-- an input that never came, or states no cost, says nothing
contact_inputs as (

    select
        count(*) > 0 as has_contacts,
        count(offer_cost) > 0 as has_offer_costs
    from contacts

),

-- who is there at the close of a month: came in or before it, goes in a later one
customer_steps as (

    select
        tenure_band,
        value_class,
        {{ period_number("'month'", 'valid_from') }} as period_number,
        1 as customers
    from stretches

    union all

    select
        tenure_band,
        value_class,
        {{ period_number("'month'", 'valid_to') }} as period_number,
        -1 as customers
    from stretches
    where valid_to is not null

),

events as (

    select
        tenure_band,
        value_class,
        period_number,
        sum(customers) as customers,
        0 as orders,
        cast(0 as decimal(18, 2)) as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        0 as interactions,
        0 as messages,
        cast(0 as decimal(18, 2)) as offer_cost
    from customer_steps
    group by
        tenure_band,
        value_class,
        period_number

    union all

    select
        coalesce(stretches.tenure_band, '(none)') as tenure_band,
        coalesce(stretches.value_class, '(none)') as value_class,
        {{ period_number("'month'", 'orders.ordered_on') }} as period_number,
        0 as customers,
        count(*) as orders,
        sum(orders.gross_amount) as gross_amount,
        sum(orders.discount_amount) as discount_amount,
        0 as interactions,
        0 as messages,
        0 as offer_cost
    from orders
    left join people
        on orders.customer_id = people.customer_id
    left join stretches
        on
        people.person_number = stretches.person_number
        and orders.ordered_on >= stretches.valid_from
        and (stretches.valid_to is null or orders.ordered_on < stretches.valid_to)
    group by
        coalesce(stretches.tenure_band, '(none)'),
        coalesce(stretches.value_class, '(none)'),
        {{ period_number("'month'", 'orders.ordered_on') }}

    union all

    select
        stretches.tenure_band,
        stretches.value_class,
        {{ period_number("'month'", 'contacts.contact_on') }} as period_number,
        0 as customers,
        0 as orders,
        0 as gross_amount,
        0 as discount_amount,
        sum(contacts.interactions) as interactions,
        sum(contacts.messages) as messages,
        coalesce(sum(contacts.offer_cost), 0) as offer_cost
    from contacts
    inner join stretches
        on
        contacts.person_number = stretches.person_number
        and contacts.contact_on >= stretches.valid_from
        and (stretches.valid_to is null or contacts.contact_on < stretches.valid_to)
    group by
        stretches.tenure_band,
        stretches.value_class,
        {{ period_number("'month'", 'contacts.contact_on') }}

),

band_totals as (

    select
        tenure_band,
        tenure_band as shown_band
    from tenure_bands

    union all

    select
        tenure_band,
        case
            when from_months >= {{ var('long_standing_months') }} then 'long_standing' else 'new'
        end as shown_band
    from tenure_bands

    union all

    select
        tenure_band,
        'all' as shown_band
    from tenure_bands

    union all

    select
        '(none)' as tenure_band,
        '(none)' as shown_band

    union all

    select
        '(none)' as tenure_band,
        'all' as shown_band

),

by_band as (

    select
        band_totals.shown_band as tenure_band,
        events.value_class,
        events.period_number,
        sum(events.customers) as customers,
        sum(events.orders) as orders,
        sum(events.gross_amount) as gross_amount,
        sum(events.discount_amount) as discount_amount,
        sum(events.interactions) as interactions,
        sum(events.messages) as messages,
        sum(events.offer_cost) as offer_cost
    from events
    inner join band_totals
        on events.tenure_band = band_totals.tenure_band
    group by
        band_totals.shown_band,
        events.value_class,
        events.period_number

),

sums as (

    select
        tenure_band,
        value_class,
        period_number,
        customers,
        orders,
        gross_amount,
        discount_amount,
        interactions,
        messages,
        offer_cost
    from by_band

    union all

    select
        tenure_band,
        'all' as value_class,
        period_number,
        sum(customers) as customers,
        sum(orders) as orders,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(interactions) as interactions,
        sum(messages) as messages,
        sum(offer_cost) as offer_cost
    from by_band
    group by
        tenure_band,
        period_number

),

first_months as (

    select
        tenure_band,
        value_class,
        min(period_number) as first_month
    from sums
    group by
        tenure_band,
        value_class

),

cells as (

    select
        first_months.tenure_band,
        first_months.value_class,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        sum(coalesce(sums.customers, 0)) over (
            partition by first_months.tenure_band, first_months.value_class
            order by periods.period_number nulls first
            rows between unbounded preceding and current row
        ) as customers,
        coalesce(sums.orders, 0) as orders,
        coalesce(sums.gross_amount, 0) as gross_amount,
        coalesce(sums.discount_amount, 0) as discount_amount,
        coalesce(sums.interactions, 0) as interactions,
        coalesce(sums.messages, 0) as messages,
        coalesce(sums.offer_cost, 0) as offer_cost
    from first_months
    inner join periods
        on first_months.first_month <= periods.period_number
    left join sums
        on
        first_months.tenure_band = sums.tenure_band
        and first_months.value_class = sums.value_class
        and periods.period_number = sums.period_number

),

rates as (

    select
        cells.*,
        cells.interactions + cells.messages as contacts,
        case
            when cells.is_complete
                then
                    cast(cells.discount_amount as double)
                    / nullif(cast(cells.gross_amount as double), 0)
        end as discount_rate,
        case
            when cells.is_complete and contact_inputs.has_contacts
                then
                    cast(cells.interactions + cells.messages as double)
                    / nullif(cast(cells.customers as double), 0)
        end as contacts_per_customer,
        case
            when
                cells.is_complete and contact_inputs.has_offer_costs and cells.customers > 0
                then {{ prorate_money(
                    'cast(cells.offer_cost as decimal(18, 2))',
                    'cast(1 as decimal(18, 2))',
                    'cast(cells.customers as decimal(18, 2))'
                ) }}
        end as offer_cost_per_customer
    from cells
    cross join contact_inputs

),

compared as (

    select
        rates.*,
        rates_of_new.discount_rate as new_discount_rate,
        rates_of_new.contacts_per_customer as new_contacts_per_customer,
        rates_of_new.offer_cost_per_customer as new_offer_cost_per_customer,
        case
            when rates.discount_rate < rates_of_new.discount_rate
                then cast(1 as bigint)
            else cast(0 as bigint)
        end as discounts_below_new,
        case
            when rates.contacts_per_customer < rates_of_new.contacts_per_customer
                then cast(1 as bigint)
            else cast(0 as bigint)
        end as contacts_below_new,
        case
            when rates.offer_cost_per_customer < rates_of_new.offer_cost_per_customer
                then cast(1 as bigint)
            else cast(0 as bigint)
        end as offers_below_new,
        rates.tenure_band = 'long_standing'
        or coalesce(tenure_bands.from_months >= {{ var('long_standing_months') }}, false)
            as is_long_standing
    from rates
    left join tenure_bands
        on rates.tenure_band = tenure_bands.tenure_band
    left join rates as rates_of_new
        on
        rates.value_class = rates_of_new.value_class
        and rates.period_start = rates_of_new.period_start
        and rates_of_new.tenure_band = 'new'

),

final as (

    select
        'month' as grain,
        period_start,
        'any' as basis,
        tenure_band,
        value_class,
        cast(customers as bigint) as customers,
        cast(orders as bigint) as orders,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        discount_rate,
        cast(interactions as bigint) as interactions,
        cast(messages as bigint) as messages,
        cast(contacts as bigint) as contacts,
        contacts_per_customer,
        cast(offer_cost as decimal(18, 2)) as offer_cost,
        cast(offer_cost_per_customer as decimal(18, 2)) as offer_cost_per_customer,
        new_discount_rate,
        new_contacts_per_customer,
        cast(new_offer_cost_per_customer as decimal(18, 2)) as new_offer_cost_per_customer,
        case
            when
                is_long_standing
                and (
                    new_discount_rate is not null
                    or new_contacts_per_customer is not null
                    or new_offer_cost_per_customer is not null
                )
                then discounts_below_new + contacts_below_new + offers_below_new
        end as measures_below_new,
        is_complete,
        is_final,
        customers < {{ var('small_cell_size') }} as is_small
    from compared

)

select * from final
