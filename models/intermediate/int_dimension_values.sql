-- One row per person, trait and day from whose end the value holds, until the trait's next row.
-- What is not known is '(none)' (added where the traits are put together). A trait that never
-- changes has one row. A new dimension is one more branch here, and its name in
-- seeds/dimension_sets.
with

members as (

    select
        customer_id,
        first_day
    from {{ ref('int_cohort_members') }}
    where basis = 'any'

),

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

customers as (

    select
        members.customer_id,
        members.first_day,
        customers.country,
        customers.gender,
        customers.birth_year,
        customers.acquisition_channel,
        customers.account_owner_id
    from members
    inner join {{ ref('customers') }} as customers
        on members.customer_id = customers.customer_id

),

-- an order's day keeps what its last order says
orders as (

    select
        customer_id,
        ordered_on,
        employee_id,
        sales_channel
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
    qualify
        row_number() over (
            partition by customer_id, ordered_on
            order by ordered_at desc nulls last, order_id desc nulls last
        ) = 1

),

purchases as (

    select
        customer_id,
        ordered_on,
        first_category
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null
    qualify
        row_number() over (
            partition by customer_id
            order by ordered_at nulls first, order_id nulls first
        ) = 1

),

occasions as (

    select
        customer_id,
        occasion_on,
        occasion_number
    from {{ ref('int_purchase_occasions') }}

),

plan_days as (

    select
        customer_id,
        changed_on,
        plan_id
    from {{ ref('int_plan_days') }}

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

final as (

    select
        customer_id,
        'all' as trait,
        first_day as changed_on,
        'all' as value
    from members

    union all

    select
        customer_id,
        'country' as trait,
        first_day as changed_on,
        country as value
    from customers

    union all

    select
        customer_id,
        'gender' as trait,
        first_day as changed_on,
        gender as value
    from customers

    union all

    select
        customer_id,
        'acquisition_channel' as trait,
        first_day as changed_on,
        acquisition_channel as value
    from customers

    union all

    select
        customers.customer_id,
        'age_band' as trait,
        make_date(cast(customers.birth_year + age_steps.from_age as integer), 1, 1) as changed_on,
        age_steps.age_band as value
    from customers
    cross join age_steps
    where customers.birth_year is not null

    union all

    select
        customer_id,
        'account_owner' as trait,
        first_day as changed_on,
        account_owner_id as value
    from customers
    where account_owner_id is not null

    union all

    -- where the account has no owner: who took the last valid order
    select
        orders.customer_id,
        'account_owner' as trait,
        orders.ordered_on as changed_on,
        orders.employee_id as value
    from orders
    inner join customers
        on orders.customer_id = customers.customer_id
    where customers.account_owner_id is null

    union all

    select
        customer_id,
        'sales_channel' as trait,
        ordered_on as changed_on,
        sales_channel as value
    from orders

    union all

    select
        customer_id,
        'first_category' as trait,
        ordered_on as changed_on,
        first_category as value
    from purchases

    union all

    select
        customer_id,
        'plan' as trait,
        changed_on,
        plan_id as value
    from plan_days

    union all

    select
        members.customer_id,
        'tenure_band' as trait,
        {{ add_months('members.first_day', 'tenure_bands.from_months') }} as changed_on,
        tenure_bands.tenure_band as value
    from members
    cross join tenure_bands
    cross join cutoff
    where {{ add_months('members.first_day', 'tenure_bands.from_months') }} <= cutoff.cutoff_day

    union all

    -- before the first purchase: whoever came as a subscriber
    select
        members.customer_id,
        'frequency_band' as trait,
        members.first_day as changed_on,
        frequency_bands.frequency_band as value
    from members
    cross join frequency_bands
    left join occasions
        on
        members.customer_id = occasions.customer_id
        and members.first_day = occasions.occasion_on
        and occasions.occasion_number = 1
    where frequency_bands.from_occasions = 0 and occasions.customer_id is null

    union all

    select
        occasions.customer_id,
        'frequency_band' as trait,
        occasions.occasion_on as changed_on,
        frequency_bands.frequency_band as value
    from occasions
    inner join frequency_bands
        on occasions.occasion_number = frequency_bands.from_occasions

)

select * from final
