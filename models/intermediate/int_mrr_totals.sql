-- One row per currency and month from its first MRR to the running one: how many people have MRR in
-- it at the month's close, and how much, each person's rounded by itself. From counts by amount, so
-- that the cost does not grow with people x months.
with

balances as (

    select
        customer_id,
        currency,
        valid_from,
        valid_to,
        mrr_native
    from {{ ref('int_mrr_balances') }}
    where mrr_native > 0

),

rates as (

    select
        currency,
        month_number,
        closing_rate
    from {{ ref('int_mrr_rates') }}
    where has_begun

),

steps as (

    select
        currency,
        mrr_native,
        {{ period_number("'month'", 'valid_from') }} as month_number,
        1 as people
    from balances

    union all

    select
        currency,
        mrr_native,
        {{ period_number("'month'", 'valid_to') }} as month_number,
        -1 as people
    from balances
    where valid_to is not null

),

month_steps as (

    select
        currency,
        mrr_native,
        month_number,
        sum(people) as people
    from steps
    group by
        currency,
        mrr_native,
        month_number
    having sum(people) != 0

),

amounts as (

    select
        currency,
        mrr_native,
        month_number as from_month,
        lead(month_number) over (
            partition by currency, mrr_native
            order by month_number nulls first
        ) as to_month,
        -- 19 digits, as 18 would overflow in the products
        cast(
            sum(people) over (
                partition by currency, mrr_native
                order by month_number nulls first
                rows between unbounded preceding and current row
            ) as decimal(19, 0)
        ) as people
    from month_steps

),

valued as (

    select
        rates.currency,
        rates.month_number,
        rates.closing_rate,
        amounts.people,
        amounts.people * amounts.mrr_native as mrr_native,
        amounts.people * {{ convert_mrr('amounts.mrr_native', 'rates.closing_rate') }} as mrr
    from rates
    left join amounts
        on
        rates.currency = amounts.currency
        and amounts.people > 0
        and rates.month_number >= amounts.from_month
        and (amounts.to_month is null or rates.month_number < amounts.to_month)

),

final as (

    select
        currency,
        month_number,
        cast(coalesce(sum(people), 0) as bigint) as customers,
        cast(coalesce(sum(mrr_native), 0) as decimal(28, 6)) as mrr_native,
        case
            when count(people) = 0 then cast(0 as decimal(18, 2))
            else cast(sum(mrr) as decimal(18, 2))
        end as mrr,
        count(people) > 0 and closing_rate is null as is_rate_missing
    from valued
    group by
        currency,
        month_number,
        closing_rate

)

select * from final
