-- One row per origin and calendar month (0 January): purchases against what customers' age says,
-- new customers against a twelfth of a year's; 1 with less than two years (definitions §4).
with

origins as (

    select
        origin_number,
        months_known
    from {{ ref('int_forecast_origins') }}

),

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

ratios as (

    select
        cells.origin_number,
        cells.calendar_month,
        sum(cells.net_revenue) as net_revenue,
        sum(cells.customers * curves.revenue_per_customer) as expected_revenue,
        cast(
            sum(cells.customers) filter (
                where cells.age = 0 and cells.month_number > cells.origin_number - 24
            ) as double
        ) as new_customers
    from cells
    inner join curves
        on
        cells.origin_number = curves.origin_number
        and cells.age = curves.age
    group by
        cells.origin_number,
        cells.calendar_month

),

indexed as (

    select
        origin_number,
        calendar_month,
        cast(net_revenue as double) / nullif(expected_revenue, 0) as purchase_ratio,
        cast(new_customers as double)
        / nullif(sum(new_customers) over (partition by origin_number), 0) * 12
            as acquisition_ratio
    from ratios

),

-- nothing bought in a calendar month is no season to divide by
final as (

    select
        indexed.origin_number,
        indexed.calendar_month,
        case
            when origins.months_known >= 24
                then coalesce(
                        greatest(
                            cast(indexed.purchase_ratio as double)
                            / nullif(
                                avg(indexed.purchase_ratio)
                                    over (partition by indexed.origin_number),
                                0
                            ),
                            cast(0.1 as double)
                        ),
                        cast(1 as double)
                    )
            else cast(1 as double)
        end as purchase_season,
        case
            when origins.months_known >= 24
                then coalesce(indexed.acquisition_ratio, cast(1 as double))
            else cast(1 as double)
        end as acquisition_season
    from indexed
    inner join origins
        on indexed.origin_number = origins.origin_number

)

select * from final
