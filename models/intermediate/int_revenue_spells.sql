-- One row per person and stretch of time under one value of a dimension built by month, by number
-- (int_revenue_values): what the money of orders is placed by. The first stretch holds from ever
-- on: an exchange can come before a person's first day. Orders of nobody are person -1 (value
-- '(anonymous)'), people who entered no basis person 0 (value '(none)').
{{ config(materialized='view') }}
with

people as (

    select
        person_number,
        first_day
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

revenue_values as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_revenue_values') }}

),

final as (

    select
        dimension_spells.person_number,
        revenue_values.value_number,
        case
            when dimension_spells.valid_from > people.first_day then dimension_spells.valid_from
            else date '0001-01-01'
        end as valid_from,
        dimension_spells.valid_to
    from dimension_spells
    inner join people
        on dimension_spells.person_number = people.person_number
    inner join revenue_values
        on
        dimension_spells.dimension = revenue_values.dimension
        and dimension_spells.value = revenue_values.value

    union all

    select
        case when value = '(none)' then 0 else -1 end as person_number,
        value_number,
        date '0001-01-01' as valid_from,
        cast(null as date) as valid_to
    from revenue_values
    where value in ('(none)', '(anonymous)') or dimension = 'all'

    union all

    select
        0 as person_number,
        value_number,
        date '0001-01-01' as valid_from,
        cast(null as date) as valid_to
    from revenue_values
    where dimension = 'all'

)

select * from final
