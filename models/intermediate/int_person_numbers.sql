-- One row per person who has entered a basis, with a number, the first day in any basis, and
-- whether there is one basis only: then any is the same as that basis (definitions §2). Large joins
-- and windows go by a number instead of a text. The numbers hold for one refresh only.
with

lifecycle as (

    select
        customer_id,
        valid_from,
        rule
    from {{ ref('customer_lifecycle') }}
    where basis = 'any' and spell_number = 1

),

final as (

    select
        cast(row_number() over (order by customer_id nulls first) as integer) as person_number,
        customer_id,
        valid_from as first_day,
        rule <> 'combined' as has_one_basis
    from lifecycle

)

select * from final
