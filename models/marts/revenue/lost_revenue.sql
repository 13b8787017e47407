-- One row per month, basis, dimension and value: the people lost in it and what they brought a year
-- (definitions §4, Cost of churn), under their value at the open (E92). Who came back since is
-- still in, and counted beside. Residual value and sunk cost say what is lost beyond, where known.
with

lost_customers as (

    select
        basis,
        person_number,
        customer_id,
        period_number,
        valued_on,
        returned_on,
        annual_revenue
    from {{ ref('int_lost_customers') }}

),

acquisition_costs as (

    select
        customer_id,
        acquisition_cost
    from {{ ref('int_acquisition_costs') }}

),

lost_values as (

    select
        basis,
        person_number,
        period_number,
        residual_value
    from {{ ref('int_lost_values') }}

),

refusals as (

    select
        'orders' as basis,
        reason
    from {{ ref('int_value_fits') }}
    where fit = 'current'

),

dimension_spells as (

    select
        person_number,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}

),

dimension_grains as (

    select dimension
    from {{ ref('int_dimension_grains') }}
    where grain = 'month'

),

retention_flows as (

    select
        basis,
        dimension,
        value,
        period_number,
        lost
    from {{ ref('int_retention_flows') }}
    where grain = 'month' and basis <> 'any'

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

-- a value has rows from the month of its first person on
first_months as (

    select
        basis,
        dimension,
        value,
        min(period_number) as first_month
    from retention_flows
    group by
        basis,
        dimension,
        value

),

cells as (

    select
        first_months.basis,
        first_months.dimension,
        first_months.value,
        periods.period_number,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        coalesce(retention_flows.lost, 0) as lost
    from first_months
    inner join periods
        on first_months.first_month <= periods.period_number
    left join retention_flows
        on
        first_months.basis = retention_flows.basis
        and first_months.dimension = retention_flows.dimension
        and first_months.value = retention_flows.value
        and periods.period_number = retention_flows.period_number

),

spells as (

    select
        dimension_spells.person_number,
        dimension_spells.dimension,
        dimension_spells.value,
        dimension_spells.valid_from,
        dimension_spells.valid_to
    from dimension_spells
    inner join dimension_grains
        on dimension_spells.dimension = dimension_grains.dimension

),

sums as (

    select
        lost_customers.basis,
        spells.dimension,
        spells.value,
        lost_customers.period_number,
        count(lost_customers.returned_on) as returned_since,
        sum(lost_customers.annual_revenue) as annual_revenue,
        count(lost_values.residual_value) as customers_with_value,
        sum(lost_values.residual_value) as residual_value,
        count(acquisition_costs.acquisition_cost) as customers_with_cost,
        sum(acquisition_costs.acquisition_cost) as acquisition_cost
    from lost_customers
    inner join spells
        on
        lost_customers.person_number = spells.person_number
        and lost_customers.valued_on >= spells.valid_from
        and (spells.valid_to is null or lost_customers.valued_on < spells.valid_to)
    left join lost_values
        on
        lost_customers.basis = lost_values.basis
        and lost_customers.person_number = lost_values.person_number
        and lost_customers.period_number = lost_values.period_number
    left join acquisition_costs
        on lost_customers.customer_id = acquisition_costs.customer_id
    group by
        lost_customers.basis,
        spells.dimension,
        spells.value,
        lost_customers.period_number

),

final as (

    select
        'month' as grain,
        cells.period_start,
        cells.basis,
        cells.dimension,
        cells.value,
        cells.lost as lost_customers,
        coalesce(sums.returned_since, 0) as returned_since,
        cast(coalesce(sums.annual_revenue, 0) as decimal(18, 2)) as annual_revenue_lost,
        case
            when cells.is_complete and cells.lost > 0
                then {{ prorate_money(
                    'cast(coalesce(sums.annual_revenue, 0) as decimal(18, 2))',
                    'cast(1 as decimal(18, 2))',
                    'cast(cells.lost as decimal(18, 2))'
                ) }}
        end as annual_revenue_per_customer,
        case
            when cells.lost = 0 then cast(0 as decimal(18, 2))
            when sums.customers_with_value > 0 then cast(sums.residual_value as decimal(18, 2))
        end as residual_value_lost,
        case
            when cells.lost = 0 or sums.customers_with_value = cells.lost then null
            when sums.customers_with_value > 0
                then
                    'known of ' || cast(sums.customers_with_value as string) || ' of '
                    || cast(cells.lost as string) || ' people'
            else coalesce(refusals.reason, 'nothing is known of such customers yet')
        end as residual_value_reason,
        coalesce(sums.customers_with_cost, 0) as customers_with_cost,
        cast(sums.acquisition_cost as decimal(18, 2)) as sunk_acquisition_cost,
        cells.is_complete,
        cells.is_final,
        cells.lost < {{ var('small_cell_size') }} as is_small
    from cells
    left join sums
        on
        cells.basis = sums.basis
        and cells.dimension = sums.dimension
        and cells.value = sums.value
        and cells.period_number = sums.period_number
    left join refusals
        on cells.basis = refusals.basis

)

select * from final
