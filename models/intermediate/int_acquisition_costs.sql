-- One row per person whose acquisition has a stated cost: what all their accounts cost together, in
-- reporting currency (definitions §5, Payback).
with

customers as (

    select
        source_name,
        customer_id,
        acquisition_cost
    from {{ ref('stg_customers') }}
    where acquisition_cost is not null

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

final as (

    select
        identities.customer_id,
        cast(sum({{ round_money('customers.acquisition_cost') }}) as decimal(18, 2))
            as acquisition_cost
    from customers
    inner join identities
        on customers.source_name = identities.source_name
        and customers.customer_id = identities.source_customer_id
    group by identities.customer_id

)

select * from final
