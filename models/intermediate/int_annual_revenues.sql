-- One row per person who has entered a basis: what they bring a year as things stand, or brought
-- when they were lost (basis any): orders as in revenue.lost_revenue (own average x own orders a
-- year, over at least 365 days) and twelve times the MRR; and margin and revenue of the year before.
with

data_cutoff as (

    select
        cutoff_day,
        data_cutoff
    from {{ ref('int_data_cutoff') }}

),

presence as (

    select
        person_number,
        customer_id,
        first_day,
        present_from,
        present_to
    from {{ ref('int_presence') }}
    where basis = 'any' or is_only_basis

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue,
        margin
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
    where is_paid and mrr > 0

),

-- the last stretch of presence says whether they are lost, and since when
people as (

    select
        person_number,
        customer_id,
        max(present_from) as present_from,
        max_by(present_to, present_from) as lost_on
    from presence
    group by
        person_number,
        customer_id

),

valued as (

    select
        people.person_number,
        people.customer_id,
        people.lost_on,
        coalesce(people.lost_on, {{ add_days('data_cutoff.cutoff_day', 1) }}) as valued_on
    from people
    cross join data_cutoff

),

bought as (

    select
        valued.person_number,
        min(orders.ordered_on) as first_order_on,
        sum(orders.net_revenue) as net_revenue,
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
    group by valued.person_number

),

-- the MRR in service; of who was lost, what ended last, in the year before
last_services as (

    select
        valued.person_number,
        subscription_periods.mrr,
        subscription_periods.ends_on,
        valued.lost_on,
        valued.valued_on,
        max(coalesce(subscription_periods.ends_on, date '9999-12-31')) over (
            partition by valued.person_number
        ) as last_end_on
    from valued
    inner join subscription_periods
        on
        valued.customer_id = subscription_periods.customer_id
        and valued.valued_on > subscription_periods.starts_on

),

served as (

    select
        person_number,
        sum(
            case
                when lost_on is null and (ends_on is null or ends_on >= valued_on) then mrr
                when
                    lost_on is not null
                    and ends_on = last_end_on
                    and last_end_on > {{ add_days('lost_on', -365) }}
                    then mrr
            end
        ) as mrr,
        bool_or(last_end_on > {{ add_days('valued_on', -365) }}) as is_served_in_year
    from last_services
    group by person_number

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
            when bought.orders_without_margin = 0 and not coalesce(served.is_served_in_year, false)
                then cast(coalesce(bought.year_margin, 0) as decimal(18, 2))
        end as year_margin
    from valued
    left join bought
        on valued.person_number = bought.person_number
    left join served
        on valued.person_number = served.person_number

)

select * from final
