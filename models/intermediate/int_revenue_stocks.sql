-- One row per basis, value of a dimension, currency, native amount and run of months
-- [from_month, to_month) at whose closes the same number of people have it, with their money. In
-- reporting currency amounts need no rate, so all stand together (amount_native 0). Currency ''
-- counts people, each once, whatever currencies they have.
with

people as (

    select
        customer_id,
        person_number
    from {{ ref('int_person_numbers') }}

),

presence as (

    select
        customer_id,
        present_from,
        present_to
    from {{ ref('int_presence') }}
    where basis = 'orders'

),

services as (

    select
        customer_id,
        valid_from,
        valid_to
    from {{ ref('int_subscription_services') }}
    where service = 'served'

),

balances as (

    select
        basis,
        customer_id,
        currency,
        from_month,
        to_month,
        amount_native
    from {{ ref('int_revenue_balances') }}

),

value_spells as (

    select
        person_number,
        value_number,
        {{ period_number("'month'", 'valid_from') }} as from_month,
        {{ period_number("'month'", 'valid_to') }} as to_month
    from {{ ref('int_value_spells') }}

),

-- what no close sees does not count
spells as (

    select
        person_number,
        value_number,
        from_month,
        to_month
    from value_spells
    where to_month is null or from_month < to_month

),

counted as (

    select
        basis,
        customer_id,
        currency,
        case
            when currency = '{{ var("reporting_currency") }}' then cast(0 as decimal(18, 6))
            else amount_native
        end as amount_native,
        from_month,
        to_month,
        case
            when currency = '{{ var("reporting_currency") }}'
                then {{ round_money('amount_native') }}
            else 0
        end as amount
    from balances

    union all

    select
        'orders' as basis,
        customer_id,
        '' as currency,
        cast(0 as decimal(18, 6)) as amount_native,
        {{ period_number("'month'", 'present_from') }} as from_month,
        {{ period_number("'month'", 'present_to') }} as to_month,
        0 as amount
    from presence

    union all

    select
        'subscriptions' as basis,
        customer_id,
        '' as currency,
        cast(0 as decimal(18, 6)) as amount_native,
        {{ period_number("'month'", 'valid_from') }} as from_month,
        {{ period_number("'month'", 'valid_to') }} as to_month,
        0 as amount
    from services

),

numbered as (

    select
        counted.basis,
        people.person_number,
        counted.currency,
        counted.amount_native,
        counted.from_month,
        counted.to_month,
        counted.amount
    from counted
    inner join people
        on counted.customer_id = people.customer_id
    where counted.to_month is null or counted.from_month < counted.to_month

),

placed as (

    select
        numbered.basis,
        spells.value_number,
        numbered.currency,
        numbered.amount_native,
        greatest(numbered.from_month, spells.from_month) as from_month,
        case
            when numbered.to_month is null then spells.to_month
            when spells.to_month is null then numbered.to_month
            else least(numbered.to_month, spells.to_month)
        end as to_month,
        numbered.amount
    from numbered
    inner join spells
        on
        numbered.person_number = spells.person_number
        and (numbered.to_month is null or numbered.to_month > spells.from_month)
        and (spells.to_month is null or numbered.from_month < spells.to_month)

),

steps as (

    select
        basis,
        value_number,
        currency,
        amount_native,
        from_month as month_number,
        count(*) as people,
        sum(amount) as amount
    from placed
    group by
        basis,
        value_number,
        currency,
        amount_native,
        from_month

    union all

    select
        basis,
        value_number,
        currency,
        amount_native,
        to_month as month_number,
        -count(*) as people,
        -sum(amount) as amount
    from placed
    where to_month is not null
    group by
        basis,
        value_number,
        currency,
        amount_native,
        to_month

),

month_steps as (

    select
        basis,
        value_number,
        currency,
        amount_native,
        month_number,
        sum(people) as people,
        sum(amount) as amount
    from steps
    group by
        basis,
        value_number,
        currency,
        amount_native,
        month_number

),

final as (

    select
        basis,
        value_number,
        currency,
        amount_native,
        month_number as from_month,
        lead(month_number) over (
            partition by basis, value_number, currency, amount_native
            order by month_number nulls first
        ) as to_month,
        cast(
            sum(people) over (
                partition by basis, value_number, currency, amount_native
                order by month_number nulls first
                rows between unbounded preceding and current row
            ) as bigint
        ) as people,
        cast(
            sum(amount) over (
                partition by basis, value_number, currency, amount_native
                order by month_number nulls first
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as amount
    from month_steps

)

select * from final
