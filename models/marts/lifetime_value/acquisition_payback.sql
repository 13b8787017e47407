-- One row per acquisition channel and cohort (month of the first valid order) with new customers or
-- spend: what they cost, what they brought to the cutoff, and at which age their margin had covered
-- the cost (definitions §5, Payback). Additive but for rates, averages and the payback month.
with

customers as (

    select
        customer_id,
        coalesce(acquisition_channel, '(none)') as acquisition_channel
    from {{ ref('customers') }}

),

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

acquisition_costs as (

    select
        customer_id,
        acquisition_cost
    from {{ ref('int_acquisition_costs') }}

),

marketing_spend as (

    select
        coalesce(acquisition_channel, '(none)') as acquisition_channel,
        month_number,
        sum(amount) as amount
    from {{ ref('int_marketing_spend') }}
    group by
        coalesce(acquisition_channel, '(none)'),
        month_number

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

margin_rate as (

    select
        margin_rate,
        margin_reason
    from {{ ref('int_margin_rate') }}

),

cohorts as (

    select
        customers.acquisition_channel,
        order_months.cohort_number,
        count(*) as customers,
        count(acquisition_costs.acquisition_cost) as customers_with_cost,
        sum(acquisition_costs.acquisition_cost) as customer_costs
    from order_months
    inner join customers
        on order_months.customer_id = customers.customer_id
    left join acquisition_costs
        on order_months.customer_id = acquisition_costs.customer_id
    where order_months.age = 0
    group by
        customers.acquisition_channel,
        order_months.cohort_number

),

spending_channels as (

    select distinct acquisition_channel
    from marketing_spend

),

cells as (

    select
        coalesce(cohorts.acquisition_channel, marketing_spend.acquisition_channel)
            as acquisition_channel,
        coalesce(cohorts.cohort_number, marketing_spend.month_number) as cohort_number,
        coalesce(cohorts.customers, 0) as customers,
        coalesce(cohorts.customers_with_cost, 0) as customers_with_cost,
        cohorts.customer_costs,
        marketing_spend.amount as marketing_spend
    from cohorts
    full join marketing_spend
        on
        cohorts.acquisition_channel = marketing_spend.acquisition_channel
        and cohorts.cohort_number = marketing_spend.month_number

),

-- a channel with marketing spend is costed by it: what its customers are said to have cost is the
-- same money, told per person
costed as (

    select
        cells.acquisition_channel,
        cells.cohort_number,
        cells.customers,
        cells.customers_with_cost,
        cells.customer_costs,
        cells.marketing_spend,
        case
            when spending_channels.acquisition_channel is not null
                then coalesce(cells.marketing_spend, 0)
            else cells.customer_costs
        end as acquisition_spend,
        case
            when spending_channels.acquisition_channel is not null then 'marketing_spend'
            when cells.customer_costs is not null then 'acquisition_cost'
        end as cost_source
    from cells
    left join spending_channels
        on cells.acquisition_channel = spending_channels.acquisition_channel

),

sums as (

    select
        customers.acquisition_channel,
        order_months.cohort_number,
        order_months.age,
        sum(order_months.net_revenue) as net_revenue,
        sum(order_months.margin) as margin,
        sum(order_months.uncosted_revenue) as uncosted_revenue
    from order_months
    inner join customers
        on order_months.customer_id = customers.customer_id
    group by
        customers.acquisition_channel,
        order_months.cohort_number,
        order_months.age

),

running as (

    select
        sums.acquisition_channel,
        sums.cohort_number,
        sums.age,
        sum(sums.net_revenue) over ages as revenue,
        cast(
            cast(sum(coalesce(sums.margin, 0)) over ages as double)
            + margin_rate.margin_rate
            * cast(sum(coalesce(sums.uncosted_revenue, 0)) over ages as double)
            as decimal(18, 2)
        ) as margin
    from sums
    cross join margin_rate
    window ages as (
        partition by sums.acquisition_channel, sums.cohort_number
        order by sums.age nulls first
        rows between unbounded preceding and current row
    )

),

covered as (

    select
        costed.acquisition_channel,
        costed.cohort_number,
        max_by(running.revenue, running.age) as revenue,
        max_by(running.margin, running.age) as margin,
        min(case when running.margin >= costed.acquisition_spend then running.age end)
            as payback_month
    from costed
    inner join running
        on
        costed.acquisition_channel = running.acquisition_channel
        and costed.cohort_number = running.cohort_number
    group by
        costed.acquisition_channel,
        costed.cohort_number

),

final as (

    select
        costed.acquisition_channel,
        periods.period_start as cohort_start,
        cast(costed.customers as bigint) as customers,
        cast(coalesce(costed.marketing_spend, 0) as decimal(18, 2)) as marketing_spend,
        cast(costed.customers_with_cost as bigint) as customers_with_cost,
        cast(costed.customer_costs as decimal(18, 2)) as customer_costs,
        cast(costed.acquisition_spend as decimal(18, 2)) as acquisition_spend,
        costed.cost_source,
        case
            when periods.is_complete
                then cast(
                        cast(costed.acquisition_spend as double)
                        / nullif(cast(costed.customers as double), 0) as decimal(18, 2)
                    )
        end as acquisition_cost_per_customer,
        cast(coalesce(covered.revenue, 0) as decimal(18, 2)) as revenue_to_date,
        cast(coalesce(covered.margin, 0) as decimal(18, 2)) as margin_to_date,
        case
            when periods.is_complete
                then cast(
                        cast(covered.margin as double) / nullif(cast(costed.customers as double), 0)
                        as decimal(18, 2)
                    )
        end as value_to_date_per_customer,
        case
            when periods.is_complete
                then
                    cast(coalesce(covered.margin, 0) as double)
                    / nullif(cast(costed.acquisition_spend as double), 0)
        end as value_to_cost_ratio,
        cast(
            case when periods.is_complete and costed.customers > 0 then covered.payback_month end
            as bigint
        ) as payback_month,
        case
            when not periods.is_complete then 'the month is not complete'
            when costed.customers = 0 then 'spend without a new customer'
            when costed.acquisition_spend is null then 'no cost is known'
            when covered.payback_month is null then 'not paid back yet'
        end as reason,
        margin_rate.margin_reason,
        periods.is_complete,
        periods.is_final,
        costed.customers < {{ var('small_cell_size') }} as is_small
    from costed
    cross join margin_rate
    inner join periods
        on costed.cohort_number = periods.period_number
    left join covered
        on
        costed.acquisition_channel = covered.acquisition_channel
        and costed.cohort_number = covered.cohort_number

)

select * from final
