-- One row per basis, member, grid of ages and age in which something changes a cell of its cohort.
-- At its own age: purchase (bought in it), revenue, last_active (last age of activity). From its
-- age on: service_change, second_purchase_change, mrr_change. Additive over members. In the elapsed
-- grid nobody counts after the last window wholly before the cutoff.
with

horizons as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        last_age
    from {{ ref('int_cohort_horizons') }}

),

shop_days as (

    select
        customer_id,
        ordered_on,
        is_purchase,
        net_revenue,
        previous_occasion_on
    from {{ ref('int_shop_days') }}

),

occasions as (

    select
        customer_id,
        occasion_on,
        occasion_number
    from {{ ref('int_purchase_occasions') }}

),

services as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        last_age,
        from_age,
        to_age
    from {{ ref('int_cohort_services') }}

),

paid_stretches as (

    select
        customer_id,
        starts_on,
        ends_on,
        mrr
    from {{ ref('int_paid_stretches') }}

),

shop_ages as (

    select
        horizons.basis,
        horizons.customer_id,
        horizons.first_day,
        horizons.grid,
        horizons.last_age,
        shop_days.net_revenue,
        {{ cohort_age('horizons.grid', 'horizons.first_day', 'shop_days.ordered_on') }} as age,
        -- a second purchase inside one age counts its buyer no second time
        shop_days.is_purchase
        and (
            shop_days.previous_occasion_on is null
            or {{ cohort_age('grid', 'first_day', 'shop_days.previous_occasion_on') }}
            < {{ cohort_age('horizons.grid', 'horizons.first_day', 'shop_days.ordered_on') }}
        ) as is_first_purchase_of_age
    from horizons
    inner join shop_days
        on
        horizons.customer_id = shop_days.customer_id
        and horizons.first_day <= shop_days.ordered_on
    where horizons.basis <> 'subscriptions'

),

-- who bought and is in service at the close of one age counts once
bought as (

    select
        shop_ages.basis,
        shop_ages.customer_id,
        shop_ages.first_day,
        shop_ages.grid,
        shop_ages.age,
        shop_ages.net_revenue,
        case
            when shop_ages.is_first_purchase_of_age and services.customer_id is null then 1
            else 0
        end as in_period
    from shop_ages
    left join services
        on
        shop_ages.basis = services.basis
        and shop_ages.customer_id = services.customer_id
        and shop_ages.grid = services.grid
        and shop_ages.age between services.from_age and services.to_age
    where shop_ages.age <= shop_ages.last_age

),

last_purchases as (

    select
        customer_id,
        max(occasion_on) as last_purchase_on
    from occasions
    group by customer_id

),

last_services as (

    select
        basis,
        customer_id,
        grid,
        max(to_age) as last_service_age
    from services
    group by
        basis,
        customer_id,
        grid

),

last_activities as (

    select
        horizons.basis,
        horizons.customer_id,
        horizons.first_day,
        horizons.grid,
        least(
            greatest(
                coalesce(
                    {{ cohort_age('horizons.grid', 'first_day', 'last_purchase_on') }},
                    -1
                ),
                coalesce(last_services.last_service_age, -1)
            ),
            horizons.last_age
        ) as age
    from horizons
    left join last_purchases
        on
        horizons.customer_id = last_purchases.customer_id
        and horizons.basis <> 'subscriptions'
    left join last_services
        on
        horizons.basis = last_services.basis
        and horizons.customer_id = last_services.customer_id
        and horizons.grid = last_services.grid

),

second_purchases as (

    select
        horizons.basis,
        horizons.customer_id,
        horizons.first_day,
        horizons.grid,
        horizons.last_age,
        {{ cohort_age('horizons.grid', 'horizons.first_day', 'occasions.occasion_on') }} as age
    from horizons
    inner join occasions
        on horizons.customer_id = occasions.customer_id
    where horizons.basis <> 'subscriptions' and occasions.occasion_number = 2

),

mrr_stretches as (

    select
        horizons.basis,
        horizons.customer_id,
        horizons.first_day,
        horizons.grid,
        paid_stretches.mrr,
        {{ cohort_age('grid', 'first_day', 'paid_stretches.starts_on') }} as from_age,
        least(
            coalesce(
                {{ cohort_age('horizons.grid', 'horizons.first_day', 'paid_stretches.ends_on') }},
                horizons.last_age + 1
            ),
            horizons.last_age + 1
        ) as end_age
    from horizons
    inner join paid_stretches
        on horizons.customer_id = paid_stretches.customer_id
    where horizons.basis <> 'orders'

),

facts as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        age,
        'purchase' as fact,
        in_period as people,
        net_revenue as money
    from bought
    where in_period > 0 or net_revenue <> 0

    union all

    select
        basis,
        customer_id,
        first_day,
        grid,
        from_age as age,
        'service_change' as fact,
        1 as people,
        cast(0 as decimal(18, 2)) as money
    from services
    where from_age <= last_age

    union all

    select
        basis,
        customer_id,
        first_day,
        grid,
        least(to_age, last_age) + 1 as age,
        'service_change' as fact,
        -1 as people,
        cast(0 as decimal(18, 2)) as money
    from services
    where from_age <= last_age

    union all

    select
        basis,
        customer_id,
        first_day,
        grid,
        age,
        'last_active' as fact,
        1 as people,
        cast(0 as decimal(18, 2)) as money
    from last_activities
    where age >= 0

    union all

    select
        basis,
        customer_id,
        first_day,
        grid,
        age,
        'second_purchase_change' as fact,
        1 as people,
        cast(0 as decimal(18, 2)) as money
    from second_purchases
    where age <= last_age

    union all

    select
        basis,
        customer_id,
        first_day,
        grid,
        last_age + 1 as age,
        'second_purchase_change' as fact,
        -1 as people,
        cast(0 as decimal(18, 2)) as money
    from second_purchases
    where age <= last_age and grid = 'elapsed_30d'

    union all

    select
        basis,
        customer_id,
        first_day,
        grid,
        from_age as age,
        'mrr_change' as fact,
        0 as people,
        mrr as money
    from mrr_stretches
    where from_age < end_age

    union all

    select
        basis,
        customer_id,
        first_day,
        grid,
        end_age as age,
        'mrr_change' as fact,
        0 as people,
        -mrr as money
    from mrr_stretches
    where from_age < end_age

),

final as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        age,
        cast(sum(case when fact = 'purchase' then people else 0 end) as integer) as purchase,
        cast(sum(case when fact = 'service_change' then people else 0 end) as integer)
            as service_change,
        cast(sum(case when fact = 'last_active' then people else 0 end) as integer) as last_active,
        cast(sum(case when fact = 'second_purchase_change' then people else 0 end) as integer)
            as second_purchase_change,
        cast(sum(case when fact = 'purchase' then money else 0 end) as decimal(18, 2)) as revenue,
        cast(sum(case when fact = 'mrr_change' then money else 0 end) as decimal(18, 2))
            as mrr_change
    from facts
    group by
        basis,
        customer_id,
        first_day,
        grid,
        age

)

select * from final
