-- One row per source customer account, as it stands now.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

customers as (

    select
        _source as source_name,
        customer_id,
        signed_up_at,
        email_hash,
        is_email_shared,
        gender,
        birth_year,
        country,
        city,
        acquisition_channel,
        acquisition_cost,
        account_owner_id,
        preferred_channel,
        phone_hash,
        parent_customer_id,
        referred_by_customer_id,
        merged_into_customer_id,
        is_test,
        deleted_at,
        {{ local_day('signed_up_at') }} as signed_up_on,
        {{ local_day('deleted_at') }} as deleted_on
    from {{ source('landing', 'customers') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from customers

)

select * from final
