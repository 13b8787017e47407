-- One row per payment, attempt or demand of a known person that was due or paid before the cutoff,
-- as it was known then: money that came later is not paid yet (status due, failed where it was
-- recovered). amount is in reporting currency at the rate of the day paid, else due; null only
-- where a rate is missing (E46). Test accounts are not here.
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

payments as (

    select
        source_name,
        payment_id,
        customer_id,
        subscription_id,
        order_id,
        due_at,
        due_on,
        paid_at,
        paid_on,
        amount,
        coalesce(currency, '{{ var("reporting_currency") }}') as currency,
        status,
        failure_code
    from {{ ref('stg_payments') }}

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

exchange_rates as (

    select
        currency,
        valid_from,
        valid_to,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

-- A payment that succeeded without saying when was made when it was due.
known as (

    select
        prefixes.id_prefix || payments.payment_id as payment_id,
        payments.source_name,
        identities.customer_id,
        prefixes.id_prefix || payments.subscription_id as subscription_id,
        prefixes.id_prefix || payments.order_id as order_id,
        payments.due_at,
        payments.due_on,
        payments.amount,
        payments.currency,
        payments.status as delivered_status,
        payments.failure_code,
        payments.status in ('succeeded', 'recovered')
        and coalesce(payments.paid_at, payments.due_at) < data_cutoff.data_cutoff as is_paid,
        coalesce(payments.paid_at, payments.due_at) as paid_at,
        coalesce(payments.paid_on, payments.due_on) as paid_on,
        payments.status in ('succeeded', 'recovered') and payments.paid_at is null as is_undated
    from payments
    cross join data_cutoff
    inner join prefixes
        on payments.source_name = prefixes.source_name
    inner join identities
        on payments.source_name = identities.source_name
        and payments.customer_id = identities.source_customer_id
    where
        payments.due_at < data_cutoff.data_cutoff
        or payments.paid_at < data_cutoff.data_cutoff

),

stated as (

    select
        payment_id,
        source_name,
        customer_id,
        subscription_id,
        order_id,
        due_at,
        due_on,
        case when is_paid then paid_at end as paid_at,
        case when is_paid then paid_on end as paid_on,
        case
            when is_paid or delivered_status not in ('succeeded', 'recovered')
                then delivered_status
            when delivered_status = 'recovered' then 'failed'
            else 'due'
        end as status,
        failure_code,
        {{ round_money('amount') }} as amount_native,
        currency,
        case when is_paid then paid_on else coalesce(due_on, paid_on) end as priced_on,
        is_undated
    from known

),

final as (

    select
        stated.payment_id,
        stated.source_name,
        stated.customer_id,
        stated.subscription_id,
        stated.order_id,
        stated.due_at,
        stated.due_on,
        stated.paid_at,
        stated.paid_on,
        stated.status,
        stated.failure_code,
        stated.priced_on,
        stated.currency,
        stated.amount_native,
        {{ convert_money('stated.amount_native', 'exchange_rates.rate_to_reporting') }} as amount,
        stated.amount_native <> 0 and exchange_rates.currency is null as is_rate_missing,
        stated.is_undated
    from stated
    left join exchange_rates
        on stated.currency = exchange_rates.currency
        and stated.priced_on >= exchange_rates.valid_from
        and stated.priced_on < exchange_rates.valid_to

)

select * from final
