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

retention_rates as (

    select
        period_start,
        basis,
        dimension,
        value,
        lost,
        is_complete,
        is_final
    from {{ ref('retention_rates') }}
    where grain = 'month' and basis <> 'any'

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
        {{ period_first_day("'month'", 'lost_customers.period_number') }} as period_start,
        count(lost_customers.returned_on) as returned_since,
        sum(lost_customers.annual_revenue) as annual_revenue,
        count(acquisition_costs.acquisition_cost) as customers_with_cost,
        sum(acquisition_costs.acquisition_cost) as acquisition_cost
    from lost_customers
    inner join spells
        on
        lost_customers.person_number = spells.person_number
        and lost_customers.valued_on >= spells.valid_from
        and (spells.valid_to is null or lost_customers.valued_on < spells.valid_to)
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
        retention_rates.period_start,
        retention_rates.basis,
        retention_rates.dimension,
        retention_rates.value,
        retention_rates.lost as lost_customers,
        coalesce(sums.returned_since, 0) as returned_since,
        cast(coalesce(sums.annual_revenue, 0) as decimal(18, 2)) as annual_revenue_lost,
        case
            when retention_rates.is_complete and retention_rates.lost > 0
                then {{ prorate_money(
                    'cast(coalesce(sums.annual_revenue, 0) as decimal(18, 2))',
                    'cast(1 as decimal(18, 2))',
                    'cast(retention_rates.lost as decimal(18, 2))'
                ) }}
        end as annual_revenue_per_customer,
        cast(null as decimal(18, 2)) as residual_value_lost,
        'awaits predicted lifetime value' as residual_value_reason,
        coalesce(sums.customers_with_cost, 0) as customers_with_cost,
        cast(sums.acquisition_cost as decimal(18, 2)) as sunk_acquisition_cost,
        retention_rates.is_complete,
        retention_rates.is_final,
        retention_rates.lost < {{ var('small_cell_size') }} as is_small
    from retention_rates
    left join sums
        on
        retention_rates.basis = sums.basis
        and retention_rates.dimension = sums.dimension
        and retention_rates.value = sums.value
        and retention_rates.period_start = sums.period_start

)

select * from final
