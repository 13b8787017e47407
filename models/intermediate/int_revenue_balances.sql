-- One row per basis, person, currency and run of months [from_month, to_month) at whose closes they
-- are counted, with the same amount: MRR above 0 (subscriptions), or the net revenue of the
-- revenue_window_days before, of who is not lost (orders). What no close of a month sees is not
-- here.
with

mrr_balances as (

    select
        customer_id,
        currency,
        valid_from,
        valid_to,
        mrr_native
    from {{ ref('int_mrr_balances') }}
    where mrr_native > 0

),

trailing_revenue as (

    select
        customer_id,
        valid_from,
        valid_to,
        net_revenue
    from {{ ref('int_trailing_revenue') }}

),

balances as (

    select
        'subscriptions' as basis,
        customer_id,
        currency,
        valid_from,
        valid_to,
        mrr_native as amount_native
    from mrr_balances

    union all

    select
        'orders' as basis,
        customer_id,
        '{{ var("reporting_currency") }}' as currency,
        valid_from,
        valid_to,
        cast(net_revenue as decimal(18, 6)) as amount_native
    from trailing_revenue

),

-- the close of a month sees what stands at the end of its last day
monthly as (

    select
        basis,
        customer_id,
        currency,
        {{ period_number("'month'", 'valid_from') }} as from_month,
        {{ period_number("'month'", 'valid_to') }} as to_month,
        amount_native
    from balances

),

final as (

    select
        basis,
        customer_id,
        currency,
        from_month,
        to_month,
        amount_native
    from monthly
    where to_month is null or from_month < to_month

)

select * from final
