-- One row per acquisition channel and cohort (month of the first valid order or paid service) with
-- new customers or spend: what they cost, what they brought to the cutoff, and at which age their
-- margin had covered the cost (definitions §5, Payback). A month of service brings the MRR at its
-- close. Additive but for rates, averages and the payback month.
with

customers as (

    select
        customer_id,
        coalesce(acquisition_channel, '(none)') as acquisition_channel
    from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        {{ period_number("'month'", 'first_day') }} as cohort_number
    from {{ ref('int_cohort_members') }}
    where basis = 'any'

),

orders as (

    select
        customer_id,
        {{ period_number("'month'", 'ordered_on') }} as month_number,
        net_revenue,
        margin,
        is_subscription_order
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

subscription_periods as (

    select
        customer_id,
        starts_on,
        ends_on,
        mrr
    from {{ ref('subscription_periods') }}
    where is_paid and mrr > 0

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

history as (

    select cutoff_day
    from {{ ref('int_history_bounds') }}

),

periods as (

    select period_number
    from {{ ref('int_periods') }}
    where grain = 'month'

),

margin_rate as (

    select
        margin_rate,
        margin_reason
    from {{ ref('int_margin_rate') }}

),

people as (

    select
        members.customer_id,
        members.cohort_number,
        customers.acquisition_channel
    from members
    inner join customers
        on members.customer_id = customers.customer_id

),

cohorts as (

    select
        people.acquisition_channel,
        people.cohort_number,
        count(*) as customers,
        count(acquisition_costs.acquisition_cost) as customers_with_cost,
        sum(acquisition_costs.acquisition_cost) as customer_costs
    from people
    left join acquisition_costs
        on people.customer_id = acquisition_costs.customer_id
    group by
        people.acquisition_channel,
        people.cohort_number

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
-- same money, told per person. Whose cost is not stated cost what the others did on average
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
            else {{ prorate_money(
                'cast(cells.customer_costs as decimal(18, 2))',
                'cast(cells.customers as decimal(18, 2))',
                'cast(cells.customers_with_cost as decimal(18, 2))'
            ) }}
        end as acquisition_spend,
        case
            when spending_channels.acquisition_channel is not null then 'marketing_spend'
            when cells.customer_costs is not null then 'acquisition_cost'
        end as cost_source
    from cells
    left join spending_channels
        on cells.acquisition_channel = spending_channels.acquisition_channel

),

subscribers as (

    select distinct customer_id
    from subscription_periods

),

-- an exchange before the first purchase falls on its month; what bills a subscription is in its
-- MRR (E48)
order_sums as (

    select
        people.acquisition_channel,
        people.cohort_number,
        greatest(orders.month_number - people.cohort_number, 0) as age,
        sum(orders.net_revenue) as net_revenue,
        sum(coalesce(orders.margin, 0)) as margin,
        sum(case when orders.margin is null then orders.net_revenue else 0 end)
            as uncosted_revenue
    from orders
    inner join people
        on orders.customer_id = people.customer_id
    left join subscribers
        on orders.customer_id = subscribers.customer_id
    where subscribers.customer_id is null or not orders.is_subscription_order
    group by
        people.acquisition_channel,
        people.cohort_number,
        greatest(orders.month_number - people.cohort_number, 0)

),

-- a planned end is none yet
service_changes as (

    select
        subscription_periods.customer_id,
        {{ period_number("'month'", 'subscription_periods.starts_on') }} as month_number,
        subscription_periods.mrr
    from subscription_periods
    inner join history
        on subscription_periods.starts_on <= history.cutoff_day

    union all

    select
        subscription_periods.customer_id,
        {{ period_number("'month'", 'subscription_periods.ends_on') }} as month_number,
        -subscription_periods.mrr as mrr
    from subscription_periods
    inner join history
        on
        subscription_periods.starts_on <= history.cutoff_day
        and subscription_periods.ends_on <= history.cutoff_day

),

service_sums as (

    select
        people.acquisition_channel,
        people.cohort_number,
        service_changes.month_number - people.cohort_number as age,
        sum(service_changes.mrr) as mrr_change
    from service_changes
    inner join people
        on service_changes.customer_id = people.customer_id
    group by
        people.acquisition_channel,
        people.cohort_number,
        service_changes.month_number - people.cohort_number

),

closes as (

    select
        cohorts.acquisition_channel,
        cohorts.cohort_number,
        periods.period_number - cohorts.cohort_number as age,
        coalesce(order_sums.net_revenue, 0) as net_revenue,
        coalesce(order_sums.margin, 0) as margin,
        coalesce(order_sums.uncosted_revenue, 0) as uncosted_revenue,
        sum(coalesce(service_sums.mrr_change, 0)) over (
            partition by cohorts.acquisition_channel, cohorts.cohort_number
            order by periods.period_number nulls first
            rows between unbounded preceding and current row
        ) as mrr
    from cohorts
    inner join periods
        on cohorts.cohort_number <= periods.period_number
    left join order_sums
        on
        cohorts.acquisition_channel = order_sums.acquisition_channel
        and cohorts.cohort_number = order_sums.cohort_number
        and periods.period_number - cohorts.cohort_number = order_sums.age
    left join service_sums
        on
        cohorts.acquisition_channel = service_sums.acquisition_channel
        and cohorts.cohort_number = service_sums.cohort_number
        and periods.period_number - cohorts.cohort_number = service_sums.age

),

running as (

    select
        closes.acquisition_channel,
        closes.cohort_number,
        closes.age,
        sum(closes.net_revenue + closes.mrr) over ages as revenue,
        sum(closes.mrr) over ages as subscription_revenue,
        cast(
            cast(sum(closes.margin) over ages as double)
            + margin_rate.margin_rate
            * cast(sum(closes.uncosted_revenue + closes.mrr) over ages as double)
            as decimal(18, 2)
        ) as margin
    from closes
    cross join margin_rate
    window ages as (
        partition by closes.acquisition_channel, closes.cohort_number
        order by closes.age nulls first
        rows between unbounded preceding and current row
    )

),

covered as (

    select
        costed.acquisition_channel,
        costed.cohort_number,
        max_by(running.revenue, running.age) as revenue,
        max_by(running.subscription_revenue, running.age) as subscription_revenue,
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

-- months of spend before the first order are there, though no period of history
dated as (

    select
        costed.*,
        {{ period_first_day("'month'", 'costed.cohort_number') }} as cohort_start,
        {{ period_first_day("'month'", 'costed.cohort_number + 1') }}
        <= {{ add_days('history.cutoff_day', 1) }} as is_complete,
        {{ add_days(
            period_first_day("'month'", 'costed.cohort_number + 1'), var('settle_days')
        ) }}
        <= {{ add_days('history.cutoff_day', 1) }} as is_final
    from costed
    cross join history

),

final as (

    select
        dated.acquisition_channel,
        dated.cohort_start,
        cast(dated.customers as bigint) as customers,
        cast(coalesce(dated.marketing_spend, 0) as decimal(18, 2)) as marketing_spend,
        cast(dated.customers_with_cost as bigint) as customers_with_cost,
        cast(dated.customer_costs as decimal(18, 2)) as customer_costs,
        cast(dated.acquisition_spend as decimal(18, 2)) as acquisition_spend,
        dated.cost_source,
        case
            when dated.is_complete
                then cast(
                        cast(dated.acquisition_spend as double)
                        / nullif(cast(dated.customers as double), 0) as decimal(18, 2)
                    )
        end as acquisition_cost_per_customer,
        cast(coalesce(covered.revenue, 0) as decimal(18, 2)) as revenue_to_date,
        cast(coalesce(covered.subscription_revenue, 0) as decimal(18, 2))
            as subscription_revenue_to_date,
        cast(coalesce(covered.margin, 0) as decimal(18, 2)) as margin_to_date,
        case
            when dated.is_complete
                then cast(
                        cast(covered.margin as double) / nullif(cast(dated.customers as double), 0)
                        as decimal(18, 2)
                    )
        end as value_to_date_per_customer,
        case
            when dated.is_complete
                then
                    cast(coalesce(covered.margin, 0) as double)
                    / nullif(cast(dated.acquisition_spend as double), 0)
        end as value_to_cost_ratio,
        cast(
            case when dated.is_complete and dated.customers > 0 then covered.payback_month end
            as bigint
        ) as payback_month,
        case
            when not dated.is_complete then 'the month is not complete'
            when dated.customers = 0 then 'spend without a new customer'
            when dated.acquisition_spend is null then 'no cost is known'
            when covered.payback_month is null then 'not paid back yet'
        end as reason,
        margin_rate.margin_reason,
        dated.is_complete,
        dated.is_final,
        dated.customers < {{ var('small_cell_size') }} as is_small
    from dated
    cross join margin_rate
    left join covered
        on
        dated.acquisition_channel = covered.acquisition_channel
        and dated.cohort_number = covered.cohort_number

)

select * from final
