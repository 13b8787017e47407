-- One row per person, dimension and stretch of time in which the dimension's value stays the same,
-- as in int_dimension_spells, with the numbers of the value and of the one before, and the grains
-- at which the dimension is built: large joins compare numbers and no text.
with

dimension_spells as (

    select
        person_number,
        dimension,
        value,
        previous_value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

dimension_grains as (

    select
        dimension,
        bool_or(grain = 'week') as has_weeks,
        bool_or(grain = 'month') as has_months,
        bool_or(grain = 'quarter') as has_quarters,
        bool_or(grain = 'year') as has_years
    from {{ ref('int_dimension_grains') }}
    group by dimension

),

numbered_values as (

    select
        value_numbers.value_number,
        value_numbers.dimension,
        value_numbers.value,
        dimension_grains.has_weeks,
        dimension_grains.has_months,
        dimension_grains.has_quarters,
        dimension_grains.has_years
    from value_numbers
    inner join dimension_grains
        on value_numbers.dimension = dimension_grains.dimension

),

final as (

    select
        dimension_spells.person_number,
        numbered_values.value_number,
        previous_values.value_number as previous_value_number,
        numbered_values.has_weeks,
        numbered_values.has_months,
        numbered_values.has_quarters,
        numbered_values.has_years,
        dimension_spells.valid_from,
        dimension_spells.valid_to
    from dimension_spells
    inner join numbered_values
        on
        dimension_spells.dimension = numbered_values.dimension
        and dimension_spells.value = numbered_values.value
    left join value_numbers as previous_values
        on
        dimension_spells.dimension = previous_values.dimension
        and dimension_spells.previous_value = previous_values.value

)

select * from final
