-- One row per person and month of int_order_months, with its amounts, and by how much the month
-- raised the square of what they have brought to date. Summed over people and ages it is the sum of
-- squares of a cohort, and so the spread of its average, without rows per person and age.
with

order_months as (

    select
        customer_id,
        cohort_number,
        age,
        net_revenue,
        margin,
        uncosted_revenue
    from {{ ref('int_order_months') }}

),

margin_rate as (

    select margin_rate
    from {{ ref('int_margin_rate') }}

),

amounts as (

    select
        order_months.customer_id,
        order_months.cohort_number,
        order_months.age,
        order_months.net_revenue,
        order_months.margin,
        order_months.uncosted_revenue,
        cast(
            cast(coalesce(order_months.margin, 0) as double)
            + margin_rate.margin_rate * cast(coalesce(order_months.uncosted_revenue, 0) as double)
            as decimal(18, 2)
        ) as realised_margin
    from order_months
    cross join margin_rate

),

to_date as (

    select
        *,
        cast(sum(net_revenue) over months as decimal(18, 2)) as revenue_to_date,
        cast(sum(realised_margin) over months as decimal(18, 2)) as margin_to_date
    from amounts
    window months as (
        partition by customer_id
        order by age nulls first
        rows between unbounded preceding and current row
    )

),

final as (

    select
        customer_id,
        cohort_number,
        age,
        net_revenue,
        margin,
        uncosted_revenue,
        -- (s + x)² - s² = x × (2 × (s + x) - x)
        cast(
            net_revenue * cast(2 * revenue_to_date - net_revenue as decimal(18, 2))
            as decimal(38, 4)
        ) as revenue_square_growth,
        cast(
            realised_margin * cast(2 * margin_to_date - realised_margin as decimal(18, 2))
            as decimal(38, 4)
        ) as margin_square_growth
    from to_date

)

select * from final
