-- One row per source and id under which somebody appears there: an account's id, or the e-mail hash
-- of a guest. Says which person it is: explicit merge, then the id itself, then a guest's e-mail
-- (E13, E15-E18). Orders with nobody attached, and guests behind a shared address, are not here.
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

customers as (

    select
        customers.source_name,
        customers.customer_id as source_customer_id,
        customers.signed_up_at,
        customers.merged_into_customer_id,
        case
            when not coalesce(customers.is_email_shared, false) then customers.email_hash
        end as email_hash,
        coalesce(customers.is_test, false) as is_test
    from {{ ref('stg_customers') }} as customers
    cross join data_cutoff
    where customers.signed_up_at is null or customers.signed_up_at < data_cutoff.data_cutoff

),

orders as (

    select
        orders.source_name,
        orders.customer_id,
        case
            when orders.customer_id is null and not coalesce(orders.is_guest_email_shared, false)
                then orders.guest_email_hash
        end as guest_email_hash
    from {{ ref('stg_orders') }} as orders
    cross join data_cutoff
    where orders.ordered_at < data_cutoff.data_cutoff

),

subscription_periods as (

    select
        subscription_periods.source_name,
        subscription_periods.customer_id
    from {{ ref('int_subscription_periods_delivered') }} as subscription_periods
    cross join data_cutoff
    where subscription_periods.starts_at < data_cutoff.data_cutoff

),

-- Who ordered or subscribed without being in the customers input is a person all the same.
account_ids as (

    select
        source_name,
        source_customer_id
    from customers

    union distinct

    select
        source_name,
        customer_id as source_customer_id
    from orders
    where customer_id is not null

    union distinct

    select
        source_name,
        customer_id as source_customer_id
    from subscription_periods

),

-- A merge counts when its target is there and is another account.
account_merges as (

    select
        customers.source_name,
        customers.source_customer_id as merged_id,
        customers.merged_into_customer_id as target_id
    from customers
    inner join account_ids
        on customers.source_name = account_ids.source_name
        and customers.merged_into_customer_id = account_ids.source_customer_id
    where customers.source_customer_id <> customers.merged_into_customer_id

),

final_targets as (

    select distinct
        targets.source_name,
        targets.target_id
    from account_merges as targets
    left join account_merges as onward
        on targets.source_name = onward.source_name
        and targets.target_id = onward.merged_id
    where onward.merged_id is null

),

-- Read from the survivors down: every account is merged into one other at most, so each is met
-- once, and a circle is never entered.
survivors as (

    select
        source_name,
        target_id as merged_id,
        target_id as surviving_id
    from final_targets

    union all

    select
        account_merges.source_name,
        account_merges.merged_id,
        survivors.surviving_id
    from survivors
    inner join account_merges
        on survivors.source_name = account_merges.source_name
        and survivors.merged_id = account_merges.target_id

),

-- Merges that go round in a circle, and those that lead into one.
stranded as (

    select
        account_merges.source_name,
        account_merges.merged_id,
        account_merges.target_id
    from account_merges
    left join survivors
        on account_merges.source_name = survivors.source_name
        and account_merges.merged_id = survivors.merged_id
    where survivors.merged_id is null

),

walks as (

    select
        source_name,
        merged_id,
        target_id as reached_id,
        md5(target_id) as trail
    from stranded

    union all

    select
        walks.source_name,
        walks.merged_id,
        stranded.target_id as reached_id,
        walks.trail || md5(stranded.target_id) as trail
    from walks
    inner join stranded
        on walks.source_name = stranded.source_name
        and walks.reached_id = stranded.merged_id
    where not contains(walks.trail, md5(stranded.target_id))

),

-- Nobody survives a circle, so its smallest id does.
circle_survivors as (

    select
        walks.source_name,
        walks.merged_id,
        min(walks.reached_id) as surviving_id
    from walks
    inner join walks as circles
        on walks.source_name = circles.source_name
        and walks.reached_id = circles.merged_id
        and circles.merged_id = circles.reached_id
    group by
        walks.source_name,
        walks.merged_id

),

accounts as (

    select
        account_ids.source_name,
        account_ids.source_customer_id,
        customers.signed_up_at,
        customers.email_hash,
        coalesce(customers.is_test, false) as is_test,
        coalesce(
            survivors.surviving_id,
            circle_survivors.surviving_id,
            account_ids.source_customer_id
        ) as surviving_id
    from account_ids
    left join customers
        on account_ids.source_name = customers.source_name
        and account_ids.source_customer_id = customers.source_customer_id
    left join survivors
        on account_ids.source_name = survivors.source_name
        and account_ids.source_customer_id = survivors.merged_id
    left join circle_survivors
        on account_ids.source_name = circle_survivors.source_name
        and account_ids.source_customer_id = circle_survivors.merged_id

),

guests as (

    select distinct
        source_name,
        guest_email_hash
    from orders
    where guest_email_hash is not null

),

-- The account with the guest's address: of the same source before another's, then who signed up
-- first.
guest_accounts as (

    select
        guests.source_name,
        guests.guest_email_hash,
        accounts.source_name as account_source_name,
        accounts.surviving_id,
        coalesce(accounts.is_test, false) as is_test
    from guests
    left join accounts
        on guests.guest_email_hash = accounts.email_hash
    qualify
        row_number() over (
            partition by guests.source_name, guests.guest_email_hash
            order by
                case
                    when guests.source_name = accounts.source_name then 0
                    else 1
                end asc nulls last,
                accounts.signed_up_at asc nulls last,
                accounts.source_name asc nulls last,
                accounts.source_customer_id asc nulls last
        ) = 1

),

final as (

    select
        accounts.source_name,
        accounts.source_customer_id,
        prefixes.id_prefix || accounts.surviving_id as customer_id,
        case
            when accounts.surviving_id <> accounts.source_customer_id then 'merge'
            else 'own'
        end as rule,
        accounts.is_test
    from accounts
    inner join prefixes
        on accounts.source_name = prefixes.source_name

    union all

    select
        guest_accounts.source_name,
        guest_accounts.guest_email_hash as source_customer_id,
        coalesce(
            prefixes.id_prefix || guest_accounts.surviving_id,
            'guest:' || guest_accounts.guest_email_hash
        ) as customer_id,
        case
            when guest_accounts.surviving_id is null then 'guest'
            else 'guest_email'
        end as rule,
        guest_accounts.is_test
    from guest_accounts
    left join prefixes
        on guest_accounts.account_source_name = prefixes.source_name

)

select * from final
