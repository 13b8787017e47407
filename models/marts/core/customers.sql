-- One row per person known at the cutoff, prospects included (E24): who they are, what they bought,
-- where they stand. Order figures count valid orders, net_revenue on the order basis; the state is
-- the one of basis any.
with

data_cutoff as (

    select
        cutoff_day,
        data_cutoff
    from {{ ref('int_data_cutoff') }}

),

traits as (

    select
        customer_id,
        account_owner_id,
        country,
        city,
        gender,
        birth_year,
        acquisition_channel,
        signed_up_at,
        is_erased,
        is_test
    from {{ ref('int_customer_traits') }}

),

-- who is not there is their own parent
parents as (

    select
        customer_id,
        parent_customer_id
    from {{ ref('int_customer_parents') }}

),

age_bands as (

    select
        lower_age,
        upper_age,
        age_band
    from {{ ref('age_bands') }}

),

orders as (

    select
        customer_id,
        ordered_at,
        net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

purchases as (

    select
        customer_id,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        count(*) as valid_orders,
        sum(net_revenue) as net_revenue
    from orders
    group by customer_id

),

subscription_periods as (

    select
        customer_id,
        starts_at,
        ends_at
    from {{ ref('subscription_periods') }}
    where is_paid

),

-- In service at the last instant before the cutoff.
services as (

    select
        subscription_periods.customer_id,
        min(subscription_periods.starts_at) as first_paid_service_at,
        bool_or(
            subscription_periods.ends_at is null
            or subscription_periods.ends_at >= data_cutoff.data_cutoff
        ) as is_subscriber
    from subscription_periods
    cross join data_cutoff
    where subscription_periods.starts_at < data_cutoff.data_cutoff
    group by subscription_periods.customer_id

),

customer_lifecycle as (

    select
        customer_id,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'

),

states as (

    select
        customer_lifecycle.customer_id,
        customer_lifecycle.state
    from customer_lifecycle
    inner join data_cutoff
        on customer_lifecycle.valid_from <= data_cutoff.cutoff_day
        and (
            customer_lifecycle.valid_to is null
            or customer_lifecycle.valid_to > data_cutoff.cutoff_day
        )

),

final as (

    select
        traits.customer_id,
        coalesce(parents.parent_customer_id, traits.customer_id) as parent_customer_id,
        traits.account_owner_id,
        traits.country,
        traits.city,
        traits.gender,
        traits.birth_year,
        age_bands.age_band,
        traits.acquisition_channel,
        coalesce(states.state, 'prospect') as lifecycle_state,
        traits.signed_up_at,
        purchases.first_order_at,
        purchases.last_order_at,
        services.first_paid_service_at,
        coalesce(purchases.valid_orders, 0) as valid_orders,
        cast(coalesce(purchases.net_revenue, 0) as decimal(18, 2)) as net_revenue,
        coalesce(services.is_subscriber, false) as is_subscriber,
        traits.is_erased,
        traits.is_test
    from traits
    cross join data_cutoff
    left join parents
        on traits.customer_id = parents.customer_id
    left join purchases
        on traits.customer_id = purchases.customer_id
    left join services
        on traits.customer_id = services.customer_id
    left join states
        on traits.customer_id = states.customer_id
    left join age_bands
        on year(data_cutoff.cutoff_day) - traits.birth_year >= age_bands.lower_age
        and year(data_cutoff.cutoff_day) - traits.birth_year <= age_bands.upper_age

)

select * from final
