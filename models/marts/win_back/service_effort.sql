-- One row per month, quarter or year, value class and employee: contacts the employee had with
-- customers of the class, minutes and cost, beside the margin of the orders of such customers who
-- are theirs. Counts, money and shares of the period add up over classes and employees.
with

contacts as (

    select
        customer_id,
        employee_id,
        occurred_on,
        duration_minutes,
        cost
    from {{ ref('int_contact_costs') }}

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
        margin
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

value_classes as (

    select
        person_number,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension = 'value_class'

),

owner_spells as (

    select
        person_number,
        owner_id,
        valid_from,
        valid_to
    from {{ ref('int_owner_spells') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain <> 'week'

),

employees as (

    select
        employee_id,
        name,
        team
    from {{ ref('employees') }}

),

-- contacts with a prospect have no class
contacts_classed as (

    select
        contacts.occurred_on as happened_on,
        coalesce(value_classes.value, '(none)') as value_class,
        coalesce(contacts.employee_id, '(none)') as employee_id,
        contacts.duration_minutes,
        contacts.cost
    from contacts
    left join people
        on contacts.customer_id = people.customer_id
    left join value_classes
        on
        people.person_number = value_classes.person_number
        and contacts.occurred_on >= value_classes.valid_from
        and (
            value_classes.valid_to is null
            or contacts.occurred_on < value_classes.valid_to
        )

),

orders_classed as (

    select
        orders.ordered_on as happened_on,
        coalesce(value_classes.value, '(none)') as value_class,
        coalesce(owner_spells.owner_id, '(none)') as employee_id,
        orders.margin
    from orders
    inner join people
        on orders.customer_id = people.customer_id
    left join value_classes
        on
        people.person_number = value_classes.person_number
        and orders.ordered_on >= value_classes.valid_from
        and (
            value_classes.valid_to is null
            or orders.ordered_on < value_classes.valid_to
        )
    left join owner_spells
        on
        people.person_number = owner_spells.person_number
        and orders.ordered_on >= owner_spells.valid_from
        and (owner_spells.valid_to is null or orders.ordered_on < owner_spells.valid_to)

),

-- by day first, so that grains multiply few rows
days as (

    select
        happened_on,
        value_class,
        employee_id,
        count(*) as contacts,
        count(duration_minutes) as contacts_with_minutes,
        sum(coalesce(duration_minutes, 0)) as minutes,
        count(cost) as contacts_with_cost,
        sum(coalesce(cost, 0)) as cost,
        0 as orders,
        0 as orders_with_margin,
        cast(0 as decimal(18, 2)) as margin
    from contacts_classed
    group by
        happened_on,
        value_class,
        employee_id

    union all

    select
        happened_on,
        value_class,
        employee_id,
        0 as contacts,
        0 as contacts_with_minutes,
        0 as minutes,
        0 as contacts_with_cost,
        cast(0 as decimal(18, 2)) as cost,
        count(*) as orders,
        count(margin) as orders_with_margin,
        sum(coalesce(margin, 0)) as margin
    from orders_classed
    group by
        happened_on,
        value_class,
        employee_id

),

cells as (

    select
        periods.grain,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        days.value_class,
        days.employee_id,
        cast(sum(days.contacts) as bigint) as contacts,
        cast(sum(days.contacts_with_minutes) as bigint) as contacts_with_minutes,
        cast(sum(days.minutes) as decimal(18, 2)) as minutes,
        cast(sum(days.contacts_with_cost) as bigint) as contacts_with_cost,
        cast(sum(days.cost) as decimal(18, 2)) as cost,
        cast(sum(days.orders) as bigint) as orders,
        cast(sum(days.orders_with_margin) as bigint) as orders_with_margin,
        cast(sum(days.margin) as decimal(18, 2)) as margin
    from days
    inner join periods
        on periods.period_number = {{ period_number('periods.grain', 'days.happened_on') }}
    group by
        periods.grain,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        days.value_class,
        days.employee_id

),

totals as (

    select
        grain,
        period_start,
        sum(contacts) as contacts,
        sum(minutes) as minutes,
        sum(cost) as cost,
        sum(margin) as margin
    from cells
    group by
        grain,
        period_start

),

final as (

    select
        cells.grain,
        cells.period_start,
        cells.value_class,
        cells.employee_id,
        employees.name as employee_name,
        employees.team,
        cells.contacts,
        cells.contacts_with_minutes,
        cells.minutes,
        cells.contacts_with_cost,
        cells.cost,
        cells.orders,
        cells.orders_with_margin,
        cells.margin,
        {% for measure in ['contacts', 'minutes', 'cost', 'margin'] %}
            case
                when cells.is_complete
                    then {{ share('cells.' ~ measure, 'totals.' ~ measure) }}
            end as {{ measure }}_share,
        {% endfor %}
        cells.is_complete,
        cells.is_final,
        cells.contacts < {{ var('small_cell_size') }} as is_small
    from cells
    inner join totals
        on
        cells.grain = totals.grain
        and cells.period_start = totals.period_start
    left join employees
        on cells.employee_id = employees.employee_id

)

select * from final
