-- One row per basis, member and thing that changes a cell of the member's cohort, on its day; grid
-- where it counts in one grid of ages alone. bought_: 1 in the grids in which the day is the first
-- purchase of an age. Additive over members. Who has entered one basis is there once, for it and
-- for any (int_cohort_members).
{% set grids = ['week', 'month', 'quarter', 'year', 'elapsed_30d'] %}
with

members as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        is_only_basis
    from {{ ref('int_cohort_members') }}
    where basis <> 'any' or not is_only_basis

),

shop_days as (

    select
        customer_id,
        ordered_on,
        net_revenue,
        occasion_number,
        previous_occasion_on,
        is_purchase,
        is_last_purchase
    from {{ ref('int_shop_days') }}

),

services as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        grid,
        from_age,
        to_age
    from {{ ref('int_cohort_services') }}

),

service_stretches as (

    select
        customer_id,
        served_from,
        served_to
    from {{ ref('int_service_stretches') }}

),

paid_stretches as (

    select
        customer_id,
        starts_on,
        ends_on,
        mrr
    from {{ ref('int_paid_stretches') }}

),

-- who bought and is in service at the close of one age counts once
purchases_in_service as (

    select
        services.customer_id,
        shop_days.ordered_on,
        {% for grid in grids %}
            bool_or(services.grid = '{{ grid }}') as is_served_{{ grid }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from services
    inner join shop_days
        on services.customer_id = shop_days.customer_id
    where
        services.basis = 'any' and shop_days.is_purchase
        and {{ cohort_age('services.grid', 'services.first_day', 'shop_days.ordered_on') }}
        between services.from_age and services.to_age
    group by
        services.customer_id,
        shop_days.ordered_on

),

-- a second purchase inside one age counts its buyer no second time; revenue of who only subscribes
-- is that of exchanges, and any shows it
purchases as (

    select
        members.basis,
        members.customer_id,
        members.first_day,
        members.last_window,
        shop_days.ordered_on,
        shop_days.occasion_number,
        shop_days.net_revenue,
        shop_days.is_last_purchase,
        {% for grid in grids %}
            {% set kind = "'" ~ grid ~ "'" %}
            case
                when not shop_days.is_purchase or purchases_in_service.is_served_{{ grid }} then 0
                when shop_days.previous_occasion_on is null then 1
                when
                    {{ cohort_age(kind, 'members.first_day', 'shop_days.previous_occasion_on') }}
                    < {{ cohort_age(kind, 'members.first_day', 'shop_days.ordered_on') }}
                    then 1
                else 0
            end as bought_{{ grid }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from members
    inner join shop_days
        on
        members.customer_id = shop_days.customer_id
        and members.first_day <= shop_days.ordered_on
    left join purchases_in_service
        on
        members.basis = 'any'
        and shop_days.customer_id = purchases_in_service.customer_id
        and shop_days.ordered_on = purchases_in_service.ordered_on
    where members.basis <> 'subscriptions' or members.is_only_basis

),

-- of subscribers each grid has its own last age; of everybody else the last purchase is it in all
subscribers_ages as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        grid,
        to_age as age
    from services

    {% for grid in grids %}
        union all

        select
            basis,
            customer_id,
            first_day,
            last_window,
            '{{ grid }}' as grid,
            {{ cohort_age("'" ~ grid ~ "'", 'first_day', 'ordered_on') }} as age
        from purchases
        where basis = 'any' and is_last_purchase
    {% endfor %}

),

last_activities as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        grid,
        max(age) as age
    from subscribers_ages
    group by
        basis,
        customer_id,
        first_day,
        last_window,
        grid

),

stretches as (

    select
        customer_id,
        served_from as starts_on,
        served_to as ends_on,
        1 as people,
        cast(0 as decimal(18, 2)) as mrr
    from service_stretches

    union all

    select
        customer_id,
        starts_on,
        ends_on,
        0 as people,
        mrr
    from paid_stretches

),

changes as (

    select
        customer_id,
        starts_on as changed_on,
        people as service_change,
        mrr as mrr_change
    from stretches

    union all

    select
        customer_id,
        ends_on as changed_on,
        -people as service_change,
        -mrr as mrr_change
    from stretches
    where ends_on is not null

),

final as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        cast(null as string) as grid,
        ordered_on as active_on,
        {% for grid in grids %}
            bought_{{ grid }},
        {% endfor %}
        case when is_last_purchase and basis = 'orders' then 1 else 0 end as last_active,
        case when occasion_number = 2 then 1 else 0 end as second_purchase_change,
        0 as service_change,
        net_revenue as revenue,
        cast(0 as decimal(18, 2)) as mrr_change
    from purchases

    union all

    select
        basis,
        customer_id,
        first_day,
        last_window,
        grid,
        case
            when grid = 'elapsed_30d' then {{ add_days('first_day', '30 * age') }}
            else {{ period_first_day('grid', period_number('grid', 'first_day') ~ ' + age') }}
        end as active_on,
        {% for grid in grids %}
            0 as bought_{{ grid }},
        {% endfor %}
        1 as last_active,
        0 as second_purchase_change,
        0 as service_change,
        cast(0 as decimal(18, 2)) as revenue,
        cast(0 as decimal(18, 2)) as mrr_change
    from last_activities

    union all

    select
        members.basis,
        members.customer_id,
        members.first_day,
        members.last_window,
        cast(null as string) as grid,
        changes.changed_on as active_on,
        {% for grid in grids %}
            0 as bought_{{ grid }},
        {% endfor %}
        0 as last_active,
        0 as second_purchase_change,
        changes.service_change,
        cast(0 as decimal(18, 2)) as revenue,
        changes.mrr_change
    from members
    inner join changes
        on members.customer_id = changes.customer_id
    where members.basis <> 'orders'

)

select * from final
