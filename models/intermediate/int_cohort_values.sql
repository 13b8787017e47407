-- One row per basis, member and dimension: the value in effect at the end of the member's first day
-- in the basis. It stays the member's value in every cohort cell (E56). Who has entered one basis
-- is there once, for it and for any (int_cohort_members).
with

members as (

    select
        basis,
        customer_id,
        first_day,
        is_only_basis
    from {{ ref('int_cohort_members') }}
    where basis <> 'any' or not is_only_basis

),

customer_dimensions as (

    select
        customer_id,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('customer_dimensions') }}

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

final as (

    select
        members.basis,
        members.customer_id,
        members.first_day,
        members.is_only_basis,
        value_numbers.dimension,
        value_numbers.value_number
    from members
    inner join customer_dimensions
        on
        members.customer_id = customer_dimensions.customer_id
        and members.first_day >= customer_dimensions.valid_from
        and (
            customer_dimensions.valid_to is null
            or members.first_day < customer_dimensions.valid_to
        )
    inner join value_numbers
        on
        customer_dimensions.dimension = value_numbers.dimension
        and customer_dimensions.value = value_numbers.value

)

select * from final
