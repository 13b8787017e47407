-- One row per person known at the cutoff, prospects included (E24), with what their accounts say of
-- them: the surviving account first, a merged one where that says nothing. Of who had asked to be
-- erased by then only country, channel and owner are left (E23). Test people are those whose
-- accounts are all test accounts.
with

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
        customer_id,
        is_test
    from {{ ref('int_customer_identities') }}

),

customers as (

    select
        customers.source_name,
        customers.customer_id as source_customer_id,
        customers.signed_up_at,
        customers.gender,
        customers.birth_year,
        customers.country,
        customers.city,
        customers.acquisition_channel,
        customers.account_owner_id,
        customers.preferred_channel,
        coalesce(customers.deleted_at < data_cutoff.data_cutoff, false) as is_erased
    from {{ ref('stg_customers') }} as customers
    cross join data_cutoff
    where customers.signed_up_at is null or customers.signed_up_at < data_cutoff.data_cutoff

),

accounts as (

    select
        identities.customer_id,
        customers.signed_up_at,
        customers.gender,
        customers.birth_year,
        customers.country,
        customers.city,
        customers.acquisition_channel,
        prefixes.id_prefix || customers.account_owner_id as account_owner_id,
        customers.preferred_channel,
        coalesce(customers.is_erased, false) as is_erased,
        identities.is_test,
        row_number() over (
            partition by identities.customer_id
            order by
                case
                    when prefixes.id_prefix || identities.source_customer_id
                        = identities.customer_id then 0
                    else 1
                end asc nulls last,
                customers.signed_up_at asc nulls last,
                identities.source_name asc nulls last,
                identities.source_customer_id asc nulls last
        ) as preference
    from identities
    inner join prefixes
        on identities.source_name = prefixes.source_name
    left join customers
        on identities.source_name = customers.source_name
        and identities.source_customer_id = customers.source_customer_id

),

people as (

    select
        customer_id,
        min(signed_up_at) as signed_up_at,
        min_by(gender, preference) filter (where gender is not null) as gender,
        min_by(birth_year, preference) filter (where birth_year is not null) as birth_year,
        min_by(country, preference) filter (where country is not null) as country,
        min_by(city, preference) filter (where city is not null) as city,
        min_by(acquisition_channel, preference) filter (where acquisition_channel is not null)
            as acquisition_channel,
        min_by(account_owner_id, preference) filter (where account_owner_id is not null)
            as account_owner_id,
        min_by(preferred_channel, preference) filter (where preferred_channel is not null)
            as preferred_channel,
        bool_or(is_erased) as is_erased,
        bool_and(is_test) as is_test
    from accounts
    group by customer_id

),

final as (

    select
        customer_id,
        account_owner_id,
        country,
        case when not is_erased then city end as city,
        case when not is_erased then gender end as gender,
        case when not is_erased then birth_year end as birth_year,
        acquisition_channel,
        case when not is_erased then preferred_channel end as preferred_channel,
        signed_up_at,
        is_erased,
        is_test
    from people

)

select * from final
