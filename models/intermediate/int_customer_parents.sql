-- One row per person who has accounts above or below theirs: the topmost of them (E19), as the
-- customers input has it now, merges followed. A parent who is unknown, erased or a test person, or
-- from whom the way up ends in a circle, is none; who is not here is their own parent.
with recursive

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where rule in ('own', 'merge')

),

traits as (

    select
        customer_id,
        is_erased,
        is_test
    from {{ ref('int_customer_traits') }}

),

customers as (

    select
        customers.source_name,
        customers.customer_id as source_customer_id,
        customers.parent_customer_id,
        customers.signed_up_at
    from {{ ref('stg_customers') }} as customers
    cross join data_cutoff
    where
        customers.parent_customer_id is not null
        and (
            customers.signed_up_at is null or customers.signed_up_at < data_cutoff.data_cutoff
        )

),

-- Both ends as persons: a parent merged away is its survivor, and nobody is above themselves.
stated as (

    select
        children.customer_id,
        parents.customer_id as parent_customer_id,
        customers.source_name,
        customers.source_customer_id,
        customers.signed_up_at,
        prefixes.id_prefix || customers.source_customer_id = children.customer_id as is_survivor
    from customers
    inner join prefixes
        on customers.source_name = prefixes.source_name
    inner join identities as children
        on
        customers.source_name = children.source_name
        and customers.source_customer_id = children.source_customer_id
    inner join identities as parents
        on
        customers.source_name = parents.source_name
        and customers.parent_customer_id = parents.source_customer_id
    where children.customer_id <> parents.customer_id

),

-- The surviving account speaks first, as for every trait.
links as (

    select
        stated.customer_id,
        stated.parent_customer_id
    from stated
    inner join traits as children
        on
        stated.customer_id = children.customer_id
        and not children.is_test
    inner join traits as parents
        on
        stated.parent_customer_id = parents.customer_id
        and not parents.is_test
        and not parents.is_erased
    qualify
        row_number() over (
            partition by stated.customer_id
            order by
                case when stated.is_survivor then 0 else 1 end asc nulls last,
                stated.signed_up_at asc nulls last,
                stated.source_name asc nulls last,
                stated.source_customer_id asc nulls last
        ) = 1

),

tops as (

    select distinct links.parent_customer_id as customer_id
    from links
    left join links as onward
        on links.parent_customer_id = onward.customer_id
    where onward.customer_id is null

),

-- Read from the top down: everybody has one parent at most, so each is met once, and a circle is
-- never entered.
trees as (

    select
        customer_id,
        customer_id as parent_customer_id
    from tops

    union all

    select
        links.customer_id,
        trees.parent_customer_id
    from trees
    inner join links
        on trees.customer_id = links.parent_customer_id

),

final as (

    select
        customer_id,
        parent_customer_id
    from trees

)

select * from final
