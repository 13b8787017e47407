-- One row per cohort (month of the first valid order), age in months, dimension and value: what its
-- people brought from the first month to the end of this age, the lost included (definitions §5,
-- Realised), and how sure the average is. Cumulative, so not additive over ages; monotone but for
-- refunds.
with

cohort_sizes as (

    select
        value_number,
        first_day,
        people
    from {{ ref('int_cohort_sizes') }}
    where basis = 'orders'

),

cohort_values as (

    select
        customer_id,
        dimension,
        value_number
    from {{ ref('int_cohort_values') }}
    where basis = 'orders'

),

order_months as (

    select
        customer_id,
        cohort_number,
        age,
        net_revenue,
        margin,
        uncosted_revenue,
        revenue_square_growth,
        margin_square_growth
    from {{ ref('int_order_month_squares') }}

),

dimension_grains as (

    select dimension
    from {{ ref('int_dimension_grains') }}
    where grain = 'month'

),

periods as (

    select
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain = 'month'

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

margin_rate as (

    select
        margin_rate,
        margin_reason
    from {{ ref('int_margin_rate') }}

),

sizes as (

    select
        cohort_sizes.value_number,
        {{ period_number("'month'", 'cohort_sizes.first_day') }} as cohort_number,
        sum(cohort_sizes.people) as cohort_size
    from cohort_sizes
    group by
        cohort_sizes.value_number,
        {{ period_number("'month'", 'cohort_sizes.first_day') }}

),

sums as (

    select
        cohort_values.value_number,
        order_months.cohort_number,
        order_months.age,
        sum(order_months.net_revenue) as net_revenue,
        sum(order_months.margin) as margin,
        sum(order_months.uncosted_revenue) as uncosted_revenue,
        sum(order_months.revenue_square_growth) as revenue_square_growth,
        sum(order_months.margin_square_growth) as margin_square_growth
    from order_months
    inner join cohort_values
        on order_months.customer_id = cohort_values.customer_id
    inner join dimension_grains
        on cohort_values.dimension = dimension_grains.dimension
    group by
        cohort_values.value_number,
        order_months.cohort_number,
        order_months.age

),

cells as (

    select
        sizes.value_number,
        value_numbers.dimension,
        value_numbers.value,
        sizes.cohort_number,
        sizes.cohort_size,
        periods.period_number - sizes.cohort_number as age,
        periods.is_complete,
        periods.is_final
    from sizes
    inner join value_numbers
        on sizes.value_number = value_numbers.value_number
    inner join dimension_grains
        on value_numbers.dimension = dimension_grains.dimension
    inner join periods
        on
        sizes.cohort_number <= periods.period_number
        and periods.period_number - sizes.cohort_number <= {{ var('max_age_months') }}

),

running as (

    select
        cells.dimension,
        cells.value,
        cells.cohort_number,
        cells.age,
        cells.cohort_size,
        cells.is_complete,
        cells.is_final,
        sum(coalesce(sums.net_revenue, 0)) over ages as revenue,
        sum(coalesce(sums.margin, 0)) over ages as margin,
        sum(coalesce(sums.uncosted_revenue, 0)) over ages as uncosted_revenue,
        sum(coalesce(sums.revenue_square_growth, 0)) over ages as revenue_squares,
        sum(coalesce(sums.margin_square_growth, 0)) over ages as margin_squares
    from cells
    left join sums
        on
        cells.value_number = sums.value_number
        and cells.cohort_number = sums.cohort_number
        and cells.age = sums.age
    window ages as (
        partition by cells.value_number, cells.cohort_number
        order by cells.age nulls first
        rows between unbounded preceding and current row
    )

),

valued as (

    select
        running.dimension,
        running.value,
        {{ period_first_day("'month'", 'running.cohort_number') }} as cohort_start,
        cast(running.age as bigint) as age,
        cast(running.cohort_size as bigint) as cohort_size,
        cast(running.revenue as decimal(18, 2)) as revenue,
        cast(
            cast(running.margin as double)
            + margin_rate.margin_rate * cast(running.uncosted_revenue as double)
            as decimal(18, 2)
        ) as margin,
        margin_rate.margin_reason,
        running.revenue_squares,
        running.margin_squares,
        running.is_complete,
        running.is_final
    from running
    cross join margin_rate

),

reaches as (

    select
        dimension,
        value,
        cohort_start,
        age,
        cohort_size,
        revenue,
        margin,
        margin_reason,
        is_complete,
        is_final,
        case when is_complete then {{ share('revenue', 'cohort_size') }} end as revenue_mean,
        case when is_complete then {{ share('margin', 'cohort_size') }} end as margin_mean,
        {{ mean_reach('cohort_size', 'revenue', 'revenue_squares') }} as revenue_reach,
        {{ mean_reach('cohort_size', 'margin', 'margin_squares') }} as margin_reach
    from valued

),

final as (

    select
        'month' as grain,
        cohort_start,
        age,
        'orders' as basis,
        dimension,
        value,
        cohort_size,
        revenue,
        margin,
        cast(revenue_mean as decimal(18, 2)) as revenue_per_customer,
        cast(revenue_mean - revenue_reach as decimal(18, 2)) as revenue_per_customer_low,
        cast(revenue_mean + revenue_reach as decimal(18, 2)) as revenue_per_customer_high,
        cast(margin_mean as decimal(18, 2)) as margin_per_customer,
        cast(margin_mean - margin_reach as decimal(18, 2)) as margin_per_customer_low,
        cast(margin_mean + margin_reach as decimal(18, 2)) as margin_per_customer_high,
        margin_reason,
        is_complete,
        is_final,
        cohort_size < {{ var('small_cell_size') }} as is_small
    from reaches

)

select * from final
