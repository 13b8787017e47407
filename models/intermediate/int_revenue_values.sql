-- One row per dimension built by month and value under which revenue of orders can stand, with its
-- number: those of people, and of orders of nobody '(anonymous)' and of people without any spell
-- '(none)'. The numbers hold for one refresh only.
with

customer_values as (

    select
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

dimension_grains as (

    select dimension
    from {{ ref('int_dimension_grains') }}
    where grain = 'month'

),

all_values as (

    select
        customer_values.dimension,
        customer_values.value
    from customer_values
    inner join dimension_grains
        on customer_values.dimension = dimension_grains.dimension

    union distinct

    select
        dimension,
        '(none)' as value
    from dimension_grains
    where dimension <> 'all'

    union distinct

    select
        dimension,
        '(anonymous)' as value
    from dimension_grains
    where dimension <> 'all'

    union distinct

    select
        'all' as dimension,
        'all' as value

),

final as (

    select
        cast(row_number() over (order by dimension nulls first, value nulls first) as integer)
            as value_number,
        dimension,
        value
    from all_values

)

select * from final
