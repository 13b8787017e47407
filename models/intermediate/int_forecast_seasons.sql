-- One row per origin and calendar month (0 January): purchases against what customers' age says,
-- new customers against an average month's (definitions §4, Forecast). A quarter of an average
-- month without a season stands beside what was seen: few customers tell of no season.
with

cells as (

    select
        origin_number,
        cohort_number,
        month_number,
        age,
        calendar_month,
        customers,
        net_revenue
    from {{ ref('int_forecast_cells') }}

),

curves as (

    select
        origin_number,
        age,
        cast(sum(net_revenue) as double) / nullif(sum(customers), 0) as revenue_per_customer
    from cells
    group by
        origin_number,
        age

),

sums as (

    select
        cells.origin_number,
        cells.calendar_month,
        sum(cells.net_revenue) as net_revenue,
        sum(cells.customers * curves.revenue_per_customer) as expected_revenue,
        count(distinct cells.month_number) as months,
        cast(
            coalesce(
                sum(cells.customers) filter (
                    where cells.age = 0 and cells.month_number > cells.origin_number - 24
                ),
                0
            ) as double
        ) as new_customers,
        count(distinct cells.month_number) filter (
            where cells.month_number > cells.origin_number - 24
        ) as recent_months
    from cells
    inner join curves
        on
        cells.origin_number = curves.origin_number
        and cells.age = curves.age
    group by
        cells.origin_number,
        cells.calendar_month

),

averaged as (

    select
        origin_number,
        calendar_month,
        net_revenue,
        expected_revenue,
        new_customers,
        recent_months,
        cast(sum(expected_revenue) over (partition by origin_number) as double)
        / nullif(sum(months) over (partition by origin_number), 0) as monthly_revenue,
        cast(sum(new_customers) over (partition by origin_number) as double)
        / nullif(sum(recent_months) over (partition by origin_number), 0) as monthly_customers
    from sums

),

indexed as (

    select
        origin_number,
        calendar_month,
        cast(net_revenue + 0.25 * monthly_revenue as double)
        / nullif(expected_revenue + 0.25 * monthly_revenue, 0) as purchase_ratio,
        cast(new_customers + 0.25 * monthly_customers as double)
        / nullif((recent_months + 0.25) * monthly_customers, 0) as acquisition_ratio
    from averaged

),

-- more given back than bought in a calendar month is no season to divide by
final as (

    select
        origin_number,
        calendar_month,
        greatest(
            coalesce(
                cast(purchase_ratio as double)
                / nullif(avg(purchase_ratio) over (partition by origin_number), 0),
                cast(1 as double)
            ),
            cast(0.1 as double)
        ) as purchase_season,
        coalesce(
            cast(acquisition_ratio as double)
            / nullif(avg(acquisition_ratio) over (partition by origin_number), 0),
            cast(1 as double)
        ) as acquisition_season
    from indexed

)

select * from final
