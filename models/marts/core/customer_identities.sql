-- One row per source and id (an account's id, or a guest's e-mail hash): the person behind it, and
-- why.
with

identities as (

    select
        source_name,
        source_customer_id,
        customer_id,
        rule,
        is_test
    from {{ ref('int_customer_identities') }}

),

final as (

    select
        source_name,
        source_customer_id,
        customer_id,
        rule,
        is_test
    from identities

)

select * from final
