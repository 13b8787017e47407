-- What people brought is the same money in every view of it, chances are chances, and an interval
-- holds its prediction (definitions §5). A row says which rule was broken, and where.
with

customer_values as (

    select
        customer_id,
        realised_revenue,
        p_alive,
        expected_orders_13w,
        expected_orders_26w,
        expected_orders_52w,
        expected_spend,
        predicted_value_52w,
        predicted_low,
        predicted_high,
        reason
    from {{ ref('customer_lifetime_value') }}

),

cohort_values as (

    select
        cohort_start,
        age,
        dimension,
        value,
        cohort_size,
        revenue,
        is_complete,
        revenue_per_customer
    from {{ ref('cohort_lifetime_value') }}

),

payback as (

    select
        customers,
        revenue_to_date,
        subscription_revenue_to_date
    from {{ ref('acquisition_payback') }}

),

order_totals as (

    select coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

members as (

    select
        members.customer_id,
        count(subscription_periods.customer_id) > 0 as is_subscriber
    from {{ ref('int_cohort_members') }} as members
    left join {{ ref('subscription_periods') }} as subscription_periods
        on
        members.customer_id = subscription_periods.customer_id
        and subscription_periods.is_paid
        and subscription_periods.mrr > 0
    where members.basis = 'any'
    group by members.customer_id

),

-- orders that bill a subscription are in its MRR (E48)
member_totals as (

    select
        count(distinct members.customer_id) as customers,
        coalesce(
            sum(
                case
                    when members.is_subscriber and orders.is_subscription_order then 0
                    else orders.net_revenue
                end
            ), 0
        ) as net_revenue
    from members
    left join {{ ref('orders') }} as orders
        on members.customer_id = orders.customer_id and orders.is_valid

),

-- ages end at max_age, so the money is compared up to it
member_months as (

    select coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref('int_order_months') }}
    where age <= {{ var('max_age_months') }}

),

latest_cohorts as (

    select
        dimension,
        sum(revenue) as revenue
    from (
        select
            dimension,
            value,
            cohort_start,
            max_by(revenue, age) as revenue
        from cohort_values
        group by
            dimension,
            value,
            cohort_start
    ) as latest
    group by dimension

)

select
    'realised revenue is that of the orders' as rule,
    cast(sum(customer_values.realised_revenue) as string) as found
from customer_values
cross join order_totals
group by order_totals.net_revenue
having sum(customer_values.realised_revenue) <> order_totals.net_revenue

union all

select
    'payback counts every customer and their money once' as rule,
    cast(sum(payback.customers) as string) as found
from payback
cross join member_totals
group by
    member_totals.net_revenue,
    member_totals.customers
having
    sum(payback.customers) <> member_totals.customers
    or sum(payback.revenue_to_date - payback.subscription_revenue_to_date)
    <> member_totals.net_revenue

union all

select
    'cohorts of a dimension bring all the money' as rule,
    latest_cohorts.dimension as found
from latest_cohorts
cross join member_months
where latest_cohorts.revenue <> member_months.net_revenue

union all

select
    'averages stand where and only where an age is complete' as rule,
    dimension || ' ' || value as found
from cohort_values
where is_complete <> (revenue_per_customer is not null)

union all

select
    'predictions hold together' as rule,
    customer_id as found
from customer_values
where
    p_alive < 0
    or p_alive > 1
    or expected_orders_13w < -1e-9
    or expected_orders_13w > expected_orders_26w
    or expected_orders_26w > expected_orders_52w
    or predicted_low > predicted_value_52w
    or predicted_high < predicted_value_52w
    or (reason is null) <> (predicted_value_52w is not null)
    or (reason is null and expected_spend is null)
