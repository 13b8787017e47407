-- One row per person, trait and day from whose end the value holds, until the trait's next row; no
-- day where it holds from ever on. What is not known is '(none)' (added in int_dimension_spells,
-- where traits become dimensions). A new dimension is one more branch here, and its name in
-- seeds/dimension_sets.
with

people as (

    select
        person_number,
        customer_id,
        first_day
    from {{ ref('int_person_numbers') }}

),

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

customers as (

    select
        people.person_number,
        people.first_day,
        customers.country,
        customers.gender,
        customers.birth_year,
        customers.acquisition_channel,
        customers.account_owner_id
    from people
    inner join {{ ref('customers') }} as customers
        on people.customer_id = customers.customer_id

),

orders as (

    select
        people.person_number,
        orders.order_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.employee_id,
        orders.sales_channel,
        orders.first_category,
        orders.is_purchase
    from {{ ref('orders') }} as orders
    inner join people
        on orders.customer_id = people.customer_id
    where orders.is_valid

),

-- an order's day keeps what its last order says
order_days as (

    select
        person_number,
        ordered_on,
        employee_id,
        sales_channel
    from orders
    qualify
        row_number() over (
            partition by person_number, ordered_on
            order by ordered_at desc nulls last, order_id desc nulls last
        ) = 1

),

occasions as (

    select
        people.person_number,
        occasions.occasion_on,
        occasions.occasion_number
    from {{ ref('int_purchase_occasions') }} as occasions
    inner join people
        on occasions.customer_id = people.customer_id

),

first_purchases as (

    select
        orders.person_number,
        orders.ordered_on,
        orders.first_category
    from orders
    inner join occasions
        on orders.person_number = occasions.person_number
        and orders.ordered_on = occasions.occasion_on
    where orders.is_purchase and occasions.occasion_number = 1
    qualify
        row_number() over (
            partition by orders.person_number
            order by orders.ordered_at nulls first, orders.order_id nulls first
        ) = 1

),

plan_days as (

    select
        people.person_number,
        plan_days.changed_on,
        plan_days.plan_id
    from {{ ref('int_plan_days') }} as plan_days
    inner join people
        on plan_days.customer_id = people.customer_id

),

age_bands as (

    select
        age_band,
        lower_age,
        upper_age
    from {{ ref('age_bands') }}

),

age_steps as (

    select
        lower_age as from_age,
        age_band
    from age_bands

    union all

    select
        ending_bands.upper_age + 1 as from_age,
        cast(null as string) as age_band
    from age_bands as ending_bands
    left join age_bands as following_bands
        on ending_bands.upper_age + 1 = following_bands.lower_age
    where following_bands.lower_age is null

),

-- from this age to the next step's
age_stretches as (

    select
        from_age,
        lead(from_age) over (order by from_age nulls first) as to_age,
        age_band
    from age_steps

),

tenure_bands as (

    select
        tenure_band,
        from_months
    from {{ ref('tenure_bands') }}

),

frequency_bands as (

    select
        frequency_band,
        from_occasions
    from {{ ref('frequency_bands') }}

),

value_classes as (

    select
        people.person_number,
        value_classes.value_class,
        value_classes.valid_from,
        value_classes.valid_to,
        lead(value_classes.valid_from) over (
            partition by people.person_number
            order by value_classes.valid_from nulls first
        ) as next_from
    from {{ ref('int_value_classes') }} as value_classes
    inner join people
        on value_classes.customer_id = people.customer_id

),

loyalty_tiers as (

    select
        people.person_number,
        loyalty_tiers.valid_from,
        loyalty_tiers.tier
    from {{ ref('int_loyalty_tiers') }} as loyalty_tiers
    inner join people
        on loyalty_tiers.customer_id = people.customer_id

),

final as (

    select
        person_number,
        'all' as trait,
        cast(null as date) as changed_on,
        'all' as value
    from people

    union all

    select
        person_number,
        'country' as trait,
        cast(null as date) as changed_on,
        country as value
    from customers

    union all

    select
        person_number,
        'gender' as trait,
        cast(null as date) as changed_on,
        gender as value
    from customers

    union all

    select
        person_number,
        'acquisition_channel' as trait,
        cast(null as date) as changed_on,
        acquisition_channel as value
    from customers

    union all

    -- the steps of an age that the person has as a customer, up to the cutoff
    select
        customers.person_number,
        'age_band' as trait,
        make_date(cast(customers.birth_year + age_stretches.from_age as integer), 1, 1)
            as changed_on,
        age_stretches.age_band as value
    from customers
    cross join age_stretches
    cross join cutoff
    where
        customers.birth_year + age_stretches.from_age <= year(cutoff.cutoff_day)
        and (
            age_stretches.to_age is null
            or customers.birth_year + age_stretches.to_age > year(customers.first_day)
        )

    union all

    select
        person_number,
        'account_owner' as trait,
        cast(null as date) as changed_on,
        account_owner_id as value
    from customers
    where account_owner_id is not null

    union all

    -- where the account has no owner: who took the last valid order
    select
        order_days.person_number,
        'account_owner' as trait,
        order_days.ordered_on as changed_on,
        order_days.employee_id as value
    from order_days
    inner join customers
        on order_days.person_number = customers.person_number
    where customers.account_owner_id is null

    union all

    select
        person_number,
        'sales_channel' as trait,
        ordered_on as changed_on,
        sales_channel as value
    from order_days

    union all

    select
        person_number,
        'first_category' as trait,
        ordered_on as changed_on,
        first_category as value
    from first_purchases

    union all

    select
        person_number,
        'plan' as trait,
        changed_on,
        plan_id as value
    from plan_days

    union all

    select
        people.person_number,
        'tenure_band' as trait,
        {{ add_months('people.first_day', 'tenure_bands.from_months') }} as changed_on,
        tenure_bands.tenure_band as value
    from people
    cross join tenure_bands
    cross join cutoff
    where {{ add_months('people.first_day', 'tenure_bands.from_months') }} <= cutoff.cutoff_day

    union all

    -- before the first purchase: whoever came as a subscriber
    select
        people.person_number,
        'frequency_band' as trait,
        people.first_day as changed_on,
        frequency_bands.frequency_band as value
    from people
    cross join frequency_bands
    left join occasions
        on
        people.person_number = occasions.person_number
        and people.first_day = occasions.occasion_on
        and occasions.occasion_number = 1
    where frequency_bands.from_occasions = 0 and occasions.person_number is null

    union all

    select
        occasions.person_number,
        'frequency_band' as trait,
        occasions.occasion_on as changed_on,
        frequency_bands.frequency_band as value
    from occasions
    inner join frequency_bands
        on occasions.occasion_number = frequency_bands.from_occasions

    union all

    select
        person_number,
        'value_class' as trait,
        valid_from as changed_on,
        value_class as value
    from value_classes

    union all

    -- without an order that counts there is no class
    select
        person_number,
        'value_class' as trait,
        valid_to as changed_on,
        cast(null as string) as value
    from value_classes
    where valid_to is not null and next_from is distinct from valid_to

    union all

    select
        person_number,
        'loyalty_tier' as trait,
        valid_from as changed_on,
        tier as value
    from loyalty_tiers

)

select * from final
