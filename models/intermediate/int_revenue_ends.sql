-- One row per basis, window and value of a dimension with anybody at either end: people and money
-- at the open, at the close, and the opening money at the closing rates (definitions §4).
with

windows as (

    select
        grain,
        dimension_grain,
        period_start,
        opening_month,
        closing_month
    from {{ ref('int_revenue_windows') }}

),

rates as (

    select
        currency,
        grain,
        period_start,
        opening_rate,
        closing_rate
    from {{ ref('int_revenue_rates') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

value_numbers as (

    select
        value_number,
        dimension
    from {{ ref('int_value_numbers') }}

),

stocks as (

    select
        basis,
        value_number,
        currency,
        amount_native,
        from_month,
        to_month,
        people,
        amount
    from {{ ref('int_revenue_stocks') }}
    where people > 0

),

value_windows as (

    select
        value_numbers.value_number,
        windows.grain,
        windows.period_start,
        windows.opening_month,
        windows.closing_month
    from windows
    inner join dimension_grains
        on windows.dimension_grain = dimension_grains.grain
    inner join value_numbers
        on dimension_grains.dimension = value_numbers.dimension

),

ends as (

    select
        stocks.basis,
        stocks.value_number,
        value_windows.grain,
        value_windows.period_start,
        true as is_open,
        stocks.currency,
        stocks.amount_native,
        stocks.people,
        stocks.amount
    from stocks
    inner join value_windows
        on
        stocks.value_number = value_windows.value_number
        and stocks.from_month <= value_windows.opening_month
        and (stocks.to_month is null or stocks.to_month > value_windows.opening_month)

    union all

    select
        stocks.basis,
        stocks.value_number,
        value_windows.grain,
        value_windows.period_start,
        false as is_open,
        stocks.currency,
        stocks.amount_native,
        stocks.people,
        stocks.amount
    from stocks
    inner join value_windows
        on
        stocks.value_number = value_windows.value_number
        and stocks.from_month <= value_windows.closing_month
        and (stocks.to_month is null or stocks.to_month > value_windows.closing_month)

),

valued as (

    select
        ends.basis,
        ends.value_number,
        ends.grain,
        ends.period_start,
        ends.is_open,
        case when ends.currency = '' then ends.people else 0 end as customers,
        case
            when ends.currency in ('', '{{ var("reporting_currency") }}') then ends.amount
            else
                cast(ends.people as decimal(19, 0))
                * {{ convert_mrr('ends.amount_native', 'rates.opening_rate') }}
        end as amount_at_opening_rate,
        case
            when ends.currency in ('', '{{ var("reporting_currency") }}') then ends.amount
            else
                cast(ends.people as decimal(19, 0))
                * {{ convert_mrr('ends.amount_native', 'rates.closing_rate') }}
        end as amount_at_closing_rate
    from ends
    left join rates
        on
        ends.currency = rates.currency
        and ends.grain = rates.grain
        and ends.period_start = rates.period_start

),

final as (

    select
        basis,
        grain,
        period_start,
        value_number,
        cast(sum(case when is_open then customers else 0 end) as bigint) as opening_customers,
        cast(sum(case when is_open then 0 else customers end) as bigint) as closing_customers,
        cast(sum(case when is_open then amount_at_opening_rate else 0 end) as decimal(18, 2))
            as opening_amount,
        cast(sum(case when is_open then amount_at_closing_rate else 0 end) as decimal(18, 2))
            as opening_at_closing_rate,
        cast(sum(case when is_open then 0 else amount_at_closing_rate end) as decimal(18, 2))
            as closing_amount
    from valued
    group by
        basis,
        grain,
        period_start,
        value_number

)

select * from final
