-- One row per policy and month of history: people with MRR at the month's close and their MRR at
-- the rate of the close, as the policy sees it (definitions §4, Policies). From counts by amount,
-- so that the cost does not grow with people x months.
with

balances as (

    select
        policy,
        customer_id,
        currency,
        valid_from,
        valid_to,
        mrr_native
    from {{ ref('int_policy_balances') }}

),

services as (

    select
        policy,
        valid_from,
        valid_to
    from {{ ref('int_policy_services') }}
    where service = 'served'

),

periods as (

    select period_number as month_number
    from {{ ref('int_periods') }}
    where grain = 'month'

),

rates as (

    select
        currency,
        month_number,
        closing_rate
    from {{ ref('int_policy_rates') }}

),

-- an empty currency counts people, each once, whatever currencies they have
counted as (

    select
        policy,
        currency,
        mrr_native,
        valid_from,
        valid_to
    from balances

    union all

    select
        policy,
        '' as currency,
        cast(0 as decimal(18, 6)) as mrr_native,
        valid_from,
        valid_to
    from services

),

steps as (

    select
        policy,
        currency,
        mrr_native,
        {{ period_number("'month'", 'valid_from') }} as month_number,
        1 as people
    from counted

    union all

    select
        policy,
        currency,
        mrr_native,
        {{ period_number("'month'", 'valid_to') }} as month_number,
        -1 as people
    from counted
    where valid_to is not null

),

month_steps as (

    select
        policy,
        currency,
        mrr_native,
        month_number,
        sum(people) as people
    from steps
    group by
        policy,
        currency,
        mrr_native,
        month_number
    having sum(people) <> 0

),

-- 19 digits, as 18 would overflow in the products
amounts as (

    select
        policy,
        currency,
        mrr_native,
        month_number as from_month,
        lead(month_number) over (
            partition by policy, currency, mrr_native
            order by month_number nulls first
        ) as to_month,
        cast(
            sum(people) over (
                partition by policy, currency, mrr_native
                order by month_number nulls first
                rows between unbounded preceding and current row
            ) as decimal(19, 0)
        ) as people
    from month_steps

),

valued as (

    select
        amounts.policy,
        periods.month_number,
        case when amounts.currency = '' then amounts.people else 0 end as customers,
        case
            when amounts.currency = '' then 0
            else amounts.people * {{ convert_mrr('amounts.mrr_native', 'rates.closing_rate') }}
        end as mrr
    from periods
    inner join amounts
        on
        amounts.people > 0
        and periods.month_number >= amounts.from_month
        and (amounts.to_month is null or periods.month_number < amounts.to_month)
    left join rates
        on
        amounts.currency = rates.currency
        and periods.month_number = rates.month_number

),

final as (

    select
        policy,
        month_number,
        cast(sum(customers) as bigint) as customers,
        cast(sum(mrr) as decimal(18, 2)) as mrr,
        count(*) > count(mrr) as is_rate_missing
    from valued
    group by
        policy,
        month_number

)

select * from final
