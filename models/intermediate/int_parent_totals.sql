-- One row per month from the first MRR to the running one: how many parent accounts have MRR in any
-- currency, by themselves or below them, at the month's close. From running sums over events.
with

parents as (

    select
        customer_id,
        parent_customer_id
    from {{ ref('int_customer_parents') }}

),

mrr_balances as (

    select
        coalesce(parents.parent_customer_id, balances.customer_id) as parent_customer_id,
        {{ period_number("'month'", 'balances.valid_from') }} as from_month,
        {{ period_number("'month'", 'balances.valid_to') }} as to_month
    from {{ ref('int_mrr_balances') }} as balances
    left join parents
        on balances.customer_id = parents.customer_id
    where balances.mrr_native > 0

),

months as (

    select distinct
        month_number,
        period_start,
        period_end
    from {{ ref('int_mrr_rates') }}
    where has_begun

),

steps as (

    select
        parent_customer_id,
        from_month as month_number,
        1 as balances
    from mrr_balances

    union all

    select
        parent_customer_id,
        to_month as month_number,
        -1 as balances
    from mrr_balances
    where to_month is not null

),

month_steps as (

    select
        parent_customer_id,
        month_number,
        sum(balances) as balances
    from steps
    group by
        parent_customer_id,
        month_number
    having sum(balances) <> 0

),

presence as (

    select
        parent_customer_id,
        month_number,
        balances,
        sum(balances) over (
            partition by parent_customer_id
            order by month_number nulls first
            rows between unbounded preceding and current row
        ) as balances_so_far
    from month_steps

),

-- Who comes from none, and who goes to none.
turns as (

    select
        month_number,
        sum(
            case
                when balances_so_far > 0 and balances_so_far = balances then 1
                when balances_so_far = 0 then -1
                else 0
            end
        ) as parents
    from presence
    group by month_number

),

final as (

    select
        months.month_number,
        months.period_start,
        months.period_end,
        cast(
            sum(coalesce(turns.parents, 0)) over (
                order by months.month_number nulls first
                rows between unbounded preceding and current row
            ) as bigint
        ) as parents
    from months
    left join turns
        on months.month_number = turns.month_number

)

select * from final
