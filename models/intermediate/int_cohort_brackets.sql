-- One row per basis, member and day range of seeds/retention_brackets that lies wholly before the
-- cutoff and in which the member was active: bought again in it, or is in paid service on its last
-- day. Who has entered one basis is there once, for it and for any (int_cohort_members).
{{ config(materialized='view') }}
with

brackets as (

    select
        bracket,
        days_from,
        days_to
    from {{ ref('retention_brackets') }}

),

members as (

    select
        basis,
        customer_id,
        first_day,
        observed_days
    from {{ ref('int_cohort_members') }}
    where basis <> 'any' or not is_only_basis

),

shop_days as (

    select
        customer_id,
        ordered_on
    from {{ ref('int_shop_days') }}
    where is_purchase

),

service_stretches as (

    select
        customer_id,
        served_from,
        served_to
    from {{ ref('int_service_stretches') }}

),

final as (

    select
        members.basis,
        members.customer_id,
        members.first_day,
        brackets.bracket
    from members
    inner join shop_days
        on members.customer_id = shop_days.customer_id
    inner join brackets
        on
        {{ days_between('members.first_day', 'shop_days.ordered_on') }} >= brackets.days_from
        and {{ days_between('members.first_day', 'shop_days.ordered_on') }} < brackets.days_to
        and members.observed_days >= brackets.days_to
    where members.basis <> 'subscriptions'

    union distinct

    select
        members.basis,
        members.customer_id,
        members.first_day,
        brackets.bracket
    from members
    inner join service_stretches
        on members.customer_id = service_stretches.customer_id
    inner join brackets
        on
        {{ days_between('first_day', 'service_stretches.served_from') }} < brackets.days_to
        and (
            service_stretches.served_to is null
            or {{ days_between('first_day', 'service_stretches.served_to') }} >= brackets.days_to
        )
        and members.observed_days >= brackets.days_to
    where members.basis <> 'orders'

)

select * from final
