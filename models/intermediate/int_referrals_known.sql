-- One row per person known at the cutoff whose accounts say who referred them: the surviving
-- account's word first, else the earliest. Nobody refers themselves (accounts merged since).
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

customers as (

    select
        source_name,
        customer_id,
        referred_by_customer_id,
        signed_up_at
    from {{ ref('stg_customers') }}
    where referred_by_customer_id is not null

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

final as (

    select
        referred.customer_id,
        referrers.customer_id as referrer_id
    from customers
    cross join data_cutoff
    inner join prefixes
        on customers.source_name = prefixes.source_name
    inner join identities as referred
        on customers.source_name = referred.source_name
        and customers.customer_id = referred.source_customer_id
    inner join identities as referrers
        on customers.source_name = referrers.source_name
        and customers.referred_by_customer_id = referrers.source_customer_id
    where
        referred.customer_id <> referrers.customer_id
        and (
            customers.signed_up_at is null
            or customers.signed_up_at < data_cutoff.data_cutoff
        )
    qualify
        row_number() over (
            partition by referred.customer_id
            order by
                case
                    when prefixes.id_prefix || customers.customer_id = referred.customer_id then 0
                    else 1
                end asc nulls last,
                customers.signed_up_at asc nulls last,
                customers.source_name asc nulls last,
                customers.customer_id asc nulls last
        ) = 1

)

select * from final
