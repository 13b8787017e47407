-- One row per contact with its cost in reporting currency: as stated, else its minutes at the
-- employee's hourly cost, else the cost of its channel in seeds/contact_costs; null where none of
-- them is known (definitions §7, cost of serving).
with

interactions as (

    select
        interaction_id,
        customer_id,
        employee_id,
        occurred_on,
        channel,
        duration_minutes,
        cost
    from {{ ref('int_interactions_known') }}

),

employees as (

    select
        employee_id,
        hourly_cost
    from {{ ref('employees') }}

),

contact_costs as (

    select
        channel,
        cost
    from {{ ref('contact_costs') }}

),

final as (

    select
        interactions.interaction_id,
        interactions.customer_id,
        interactions.employee_id,
        interactions.occurred_on,
        interactions.channel,
        interactions.duration_minutes,
        case
            when interactions.cost is not null then 'stated'
            when interactions.duration_minutes * employees.hourly_cost is not null then 'minutes'
            when contact_costs.cost is not null then 'channel'
            else 'unknown'
        end as cost_source,
        coalesce(
            interactions.cost,
            {{ prorate_money(
                round_money('employees.hourly_cost'),
                round_money('interactions.duration_minutes'),
                'cast(60 as decimal(18, 2))'
            ) }},
            cast(contact_costs.cost as decimal(18, 2))
        ) as cost
    from interactions
    left join employees
        on interactions.employee_id = employees.employee_id
    left join contact_costs
        on interactions.channel = contact_costs.channel

)

select * from final
