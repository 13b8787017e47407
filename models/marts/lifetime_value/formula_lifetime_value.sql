-- One row per basis, dimension and value: lifetime value by formula, revenue (or margin) a year of
-- a customer × 1 ÷ churn (definitions §5, Formula), churn being that of the last 6 complete months.
-- Nothing here adds up over values.
with

formula_values as (

    select
        basis,
        dimension,
        value,
        through_month,
        customers,
        opening_customers,
        lost_customers,
        monthly_churn_rate,
        annual_revenue,
        margin_rate,
        margin_reason,
        lifetime_years,
        is_capped,
        reason
    from {{ ref('int_formula_values') }}

),

final as (

    select
        basis,
        dimension,
        value,
        through_month,
        cast(customers as bigint) as customers,
        opening_customers,
        lost_customers,
        monthly_churn_rate,
        case when reason is null then lifetime_years end as lifetime_years,
        case when reason is null then is_capped end as is_capped,
        cast(annual_revenue as decimal(18, 2)) as annual_revenue_per_customer,
        margin_rate,
        case
            when reason is null
                then cast(annual_revenue * lifetime_years as decimal(18, 2))
        end as revenue_lifetime_value,
        case
            when reason is null
                then cast(annual_revenue * margin_rate * lifetime_years as decimal(18, 2))
        end as margin_lifetime_value,
        reason,
        margin_reason,
        customers < {{ var('small_cell_size') }} as is_small
    from formula_values
    where through_month is not null

)

select * from final
