-- One row per origin, cohort and month of the 36 that end with the origin: what the origin knew of
-- the cohorts since the first with anybody in it, 0 included (definitions §4, Forecast). Rows grow
-- with months squared, not with people.
with

origins as (

    select origin_number
    from {{ ref('int_forecast_origins') }}

),

months as (

    select
        month_number,
        new_customers
    from {{ ref('int_forecast_months') }}

),

cohorts as (

    select
        cohort_number,
        month_number,
        net_revenue
    from {{ ref('int_forecast_cohorts') }}
    where cohort_number is not null

),

-- months before the first buyer say nothing of seasons, nor of ages
first_buyers as (

    select min(month_number) as first_month
    from months
    where new_customers > 0

),

final as (

    select
        origins.origin_number,
        members.month_number as cohort_number,
        months.month_number,
        months.month_number - members.month_number as age,
        months.month_number % 12 as calendar_month,
        members.new_customers as customers,
        cast(coalesce(cohorts.net_revenue, 0) as double) as net_revenue
    from origins
    inner join months
        on
        origins.origin_number >= months.month_number
        and months.month_number > origins.origin_number - 36
    inner join months as members
        on months.month_number >= members.month_number
    inner join first_buyers
        on members.month_number >= first_buyers.first_month
    left join cohorts
        on
        members.month_number = cohorts.cohort_number
        and months.month_number = cohorts.month_number

)

select * from final
