-- One row per person not lost, and per loss (basis any): what they bring a year, or brought until
-- then: orders as in revenue.lost_revenue (own average x own orders a year, over at least 365 days)
-- and twelve times the MRR (of the lost that which ended last, within a year of the loss); and the
-- margin of the year before, null where a cost is not known.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

presence as (

    select
        person_number,
        customer_id,
        present_to
    from {{ ref('int_presence') }}
    where basis = 'any' or is_only_basis

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue,
        margin,
        is_subscription_order
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

subscription_periods as (

    select
        customer_id,
        starts_on,
        ends_on,
        mrr
    from {{ ref('subscription_periods') }}
    -- what came and went within a day never stood at its end (E58)
    where is_paid and mrr > 0 and (ends_on is null or starts_on < ends_on)

),

valued as (

    select
        presence.person_number,
        presence.customer_id,
        presence.present_to as lost_on,
        coalesce(presence.present_to, {{ add_days('data_cutoff.cutoff_day', 1) }}) as valued_on
    from presence
    cross join data_cutoff

),

services as (

    select
        valued.person_number,
        valued.valued_on,
        valued.lost_on,
        subscription_periods.mrr,
        -- service that goes on is still there on the day
        least(
            coalesce(subscription_periods.ends_on, valued.valued_on), valued.valued_on
        ) as served_to
    from valued
    inner join subscription_periods
        on
        valued.customer_id = subscription_periods.customer_id
        and valued.valued_on > subscription_periods.starts_on

),

last_services as (

    select
        person_number,
        valued_on,
        lost_on,
        mrr,
        served_to,
        max(served_to) over (partition by person_number, valued_on) as last_served_to
    from services

),

served as (

    select
        person_number,
        valued_on,
        sum(
            case
                when served_to < last_served_to then 0
                when served_to = valued_on then mrr
                when lost_on is not null and served_to > {{ add_days('lost_on', -365) }} then mrr
                else 0
            end
        ) as mrr,
        bool_or(last_served_to > {{ add_days('valued_on', -365) }}) as is_served_in_year
    from last_services
    group by
        person_number,
        valued_on

),

-- E48: what bills a subscription is in its MRR, of those whose subscription is known.
bought as (

    select
        valued.person_number,
        valued.valued_on,
        min(
            case
                when served.person_number is null or not orders.is_subscription_order
                    then orders.ordered_on
            end
        ) as first_order_on,
        sum(
            case
                when served.person_number is null or not orders.is_subscription_order
                    then orders.net_revenue
            end
        ) as net_revenue,
        sum(
            case
                when orders.ordered_on >= {{ add_days('valued.valued_on', -365) }}
                    then orders.margin
            end
        ) as year_margin,
        count_if(
            orders.ordered_on >= {{ add_days('valued.valued_on', -365) }}
            and orders.margin is null
        ) as orders_without_margin
    from valued
    inner join orders
        on
        valued.customer_id = orders.customer_id
        and valued.valued_on > orders.ordered_on
    left join served
        on
        valued.person_number = served.person_number
        and valued.valued_on = served.valued_on
    group by
        valued.person_number,
        valued.valued_on

),

final as (

    select
        valued.person_number,
        valued.customer_id,
        valued.lost_on,
        cast(
            case
                when bought.person_number is null then 0
                else {{ prorate_money(
                    'cast(greatest(coalesce(bought.net_revenue, 0), 0) as decimal(18, 2))',
                    'cast(365 as decimal(18, 2))',
                    'cast(greatest('
                    ~ days_between('bought.first_order_on', 'valued.valued_on')
                    ~ ', 365) as decimal(18, 2))'
                ) }}
            end
            + 12 * coalesce(served.mrr, 0) as decimal(18, 2)
        ) as annual_revenue,
        -- what serving a subscription costs is not delivered
        case
            when
                coalesce(bought.orders_without_margin, 0) = 0
                and not coalesce(served.is_served_in_year, false)
                then cast(coalesce(bought.year_margin, 0) as decimal(18, 2))
        end as year_margin
    from valued
    left join bought
        on
        valued.person_number = bought.person_number
        and valued.valued_on = bought.valued_on
    left join served
        on
        valued.person_number = served.person_number
        and valued.valued_on = served.valued_on

)

select * from final
