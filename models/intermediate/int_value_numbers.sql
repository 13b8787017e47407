-- One row per dimension and value that somebody ever had, with its number: large sums group by a
-- number instead of two texts. The numbers hold for one refresh only.
with

customer_dimensions as (

    select distinct
        dimension,
        value
    from {{ ref('customer_dimensions') }}

),

final as (

    select
        cast(row_number() over (order by dimension nulls first, value nulls first) as integer)
            as value_number,
        dimension,
        value
    from customer_dimensions

)

select * from final
