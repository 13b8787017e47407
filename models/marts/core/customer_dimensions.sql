-- One row per person, dimension and stretch of time in which the dimension's value stays the same.
-- The value of a day is the one in effect at its end. Gap-free from the person's first day in any
-- basis; '(none)' where nothing is known. Crossed dimensions join their components' values by +.
-- Prospects are not there (E24).
with

people as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

dimension_spells as (

    select
        person_number,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}

),

final as (

    select
        people.customer_id,
        dimension_spells.dimension,
        dimension_spells.value,
        dimension_spells.valid_from,
        dimension_spells.valid_to
    from dimension_spells
    inner join people
        on dimension_spells.person_number = people.person_number

)

select * from final
