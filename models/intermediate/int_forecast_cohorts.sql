-- One row per cohort (month of the first valid order; null for nobody's orders) and month: net
-- revenue on the refund basis, which a later refund never changes, so that a past month end knew
-- what it is given here (definitions §4, Forecast).
with

orders as (

    select
        order_id,
        customer_id,
        {{ period_number("'month'", 'ordered_on') }} as month_number,
        is_subscription_order,
        net_revenue_before_refunds
    from {{ ref('orders') }}
    where is_valid

),

refunds as (

    select
        order_id,
        {{ period_number("'month'", 'refunded_on') }} as month_number,
        net_refund
    from {{ ref('refunds') }}
    where is_counted

),

first_months as (

    select
        customer_id,
        min(month_number) as cohort_number
    from orders
    where customer_id is not null
    group by customer_id

),

amounts as (

    select
        customer_id,
        month_number,
        is_subscription_order,
        net_revenue_before_refunds as net_revenue
    from orders

    union all

    select
        orders.customer_id,
        refunds.month_number,
        coalesce(orders.is_subscription_order, false) as is_subscription_order,
        -refunds.net_refund as net_revenue
    from refunds
    left join orders
        on refunds.order_id = orders.order_id

),

-- a refund from before the first order, where a source delivers one, is no cohort's
final as (

    select
        case
            when first_months.cohort_number <= amounts.month_number
                then first_months.cohort_number
        end as cohort_number,
        amounts.month_number,
        count(distinct case
            when first_months.cohort_number = amounts.month_number then amounts.customer_id
        end) as new_customers,
        sum(amounts.net_revenue) as net_revenue,
        coalesce(sum(amounts.net_revenue) filter (where amounts.is_subscription_order), 0)
            as subscription_order_revenue
    from amounts
    left join first_months
        on amounts.customer_id = first_months.customer_id
    group by
        case
            when first_months.cohort_number <= amounts.month_number
                then first_months.cohort_number
        end,
        amounts.month_number

)

select * from final
