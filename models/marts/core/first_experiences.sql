-- One row per person who bought: what marked the first purchase occasion (definitions §3). Channel,
-- employee, category and discount are those of the day's first order; complaint, refund and answer
-- are as known first_experience_days later, null where none had ever been delivered by then.
{% set known_by = add_days('first_orders.first_on', var('first_experience_days')) %}
with

occasions as (

    select
        customer_id,
        occasion_on as first_on,
        next_occasion_on as second_on
    from {{ ref('int_purchase_occasions') }}
    where occasion_number = 1

),

orders as (

    select
        order_id,
        customer_id,
        ordered_at,
        ordered_on,
        currency,
        gross_amount,
        discount_amount,
        exchange_rate,
        employee_id,
        sales_channel,
        first_category
    from {{ ref('orders') }}
    where is_purchase

),

complaints as (

    select
        complaint_id,
        customer_id,
        order_id,
        opened_at,
        opened_on,
        first_response_at,
        first_response_on,
        resolved_at,
        resolved_on,
        reopened_at,
        reopened_on,
        is_undated
    from {{ ref('int_complaints_known') }}

),

refunds as (

    select
        order_id,
        refunded_on,
        currency,
        amount,
        refund_amount
    from {{ ref('refunds') }}
    where is_counted and not is_orphan

),

discount_bands as (

    select
        discount_band,
        above_share
    from {{ ref('discount_bands') }}

),

response_time_bands as (

    select
        response_time_band,
        from_hours
    from {{ ref('response_time_bands') }}

),

-- before the first complaint, or refund, of all, nobody knows whether there were none
complaints_history as (

    select min(opened_on) as first_on
    from complaints

),

-- a refund of an order older than history shows as well that refunds are told
refunds_history as (

    select min(refunded_on) as first_on
    from {{ ref('refunds') }}

),

first_day_orders as (

    select
        orders.order_id,
        orders.customer_id,
        occasions.first_on,
        occasions.second_on,
        orders.ordered_at,
        orders.currency,
        orders.gross_amount,
        orders.discount_amount,
        orders.exchange_rate,
        orders.employee_id,
        orders.sales_channel,
        orders.first_category
    from occasions
    inner join orders
        on occasions.customer_id = orders.customer_id
        and occasions.first_on = orders.ordered_on

),

first_orders as (

    select
        order_id,
        customer_id,
        first_on,
        second_on,
        ordered_at,
        gross_amount,
        discount_amount,
        employee_id,
        sales_channel,
        first_category
    from first_day_orders
    qualify
        row_number() over (
            partition by customer_id
            order by ordered_at asc nulls last, order_id asc nulls last
        ) = 1

),

refunded_orders as (

    select
        first_orders.order_id,
        sum(refunds.amount) as refunded_native,
        sum(refunds.refund_amount) as refund_amount,
        bool_and(refunds.currency = first_orders.currency) as is_order_currency
    from first_day_orders as first_orders
    inner join refunds
        on first_orders.order_id = refunds.order_id
    where refunds.refunded_on <= {{ known_by }}
    group by first_orders.order_id

),

-- in full is every order of the day, each in its own currency where it can be: a rate that moved
-- makes no part of the whole
refunded as (

    select
        first_day_orders.customer_id,
        sum(refunded_orders.refund_amount) as refund_amount,
        bool_and(
            case
                when refunded_orders.order_id is null
                    then first_day_orders.gross_amount <= first_day_orders.discount_amount
                when refunded_orders.is_order_currency
                    then
                        refunded_orders.refunded_native
                        >= first_day_orders.gross_amount - first_day_orders.discount_amount
                else
                    refunded_orders.refund_amount
                    >= {{ convert_money(
                        'first_day_orders.gross_amount - first_day_orders.discount_amount',
                        'first_day_orders.exchange_rate'
                    ) }}
            end
        ) as is_in_full
    from first_day_orders
    left join refunded_orders
        on first_day_orders.order_id = refunded_orders.order_id
    group by first_day_orders.customer_id

),

-- of the first day's orders, or of none in particular since then
beginnings_complained_of as (

    select
        first_orders.customer_id,
        complaints.complaint_id,
        complaints.opened_at,
        case
            when complaints.first_response_on <= {{ known_by }} then complaints.first_response_at
        end as first_response_at,
        complaints.is_undated or coalesce(
            complaints.resolved_on <= {{ known_by }}
            and not coalesce(
                complaints.reopened_at >= complaints.resolved_at
                and complaints.reopened_on <= {{ known_by }},
                false
            ),
            false
        ) as is_solved
    from first_orders
    inner join complaints
        on first_orders.customer_id = complaints.customer_id
    left join first_day_orders
        on
        complaints.customer_id = first_day_orders.customer_id
        and complaints.order_id = first_day_orders.order_id
    where
        complaints.opened_on <= {{ known_by }}
        and (
            first_day_orders.order_id is not null
            or (complaints.order_id is null and complaints.opened_at >= first_orders.ordered_at)
        )

),

complained as (

    select
        customer_id,
        bool_and(is_solved) over (partition by customer_id) as is_solved,
        {{ hours_between('opened_at', 'first_response_at') }} as response_hours
    from beginnings_complained_of
    qualify
        row_number() over (
            partition by customer_id
            order by opened_at asc nulls last, complaint_id asc nulls last
        ) = 1

),

answered as (

    select
        complained.customer_id,
        max_by(
            response_time_bands.response_time_band, response_time_bands.from_hours
        ) as response_time_band
    from complained
    inner join response_time_bands
        on complained.response_hours >= response_time_bands.from_hours
    group by complained.customer_id

),

discounted as (

    select
        first_orders.customer_id,
        max_by(discount_bands.discount_band, discount_bands.above_share) as discount_band
    from first_orders
    inner join discount_bands
        on
        discount_bands.above_share < 0
        or first_orders.discount_amount
        > cast(discount_bands.above_share as decimal(19, 4)) * first_orders.gross_amount
    group by first_orders.customer_id

),

final as (

    select
        first_orders.customer_id,
        first_orders.order_id,
        first_orders.employee_id,
        first_orders.sales_channel,
        first_orders.first_category,
        discounted.discount_band,
        case
            when first_orders.first_on >= complaints_history.first_on
                then
                    case
                        when complained.customer_id is null then 'no complaint'
                        when complained.is_solved then 'solved'
                        else 'unsolved'
                    end
        end as complaint,
        case
            when first_orders.first_on >= complaints_history.first_on
                then
                    case
                        when complained.customer_id is null then 'no complaint'
                        else coalesce(answered.response_time_band, 'not answered')
                    end
        end as first_response_time,
        case
            when first_orders.first_on >= refunds_history.first_on
                then
                    case
                        when coalesce(refunded.refund_amount, 0) <= 0 then 'no refund'
                        when refunded.is_in_full then 'in full'
                        else 'in part'
                    end
        end as refund,
        first_orders.first_on,
        first_orders.second_on,
        {{ known_by }} as known_on
    from first_orders
    cross join complaints_history
    cross join refunds_history
    left join discounted
        on first_orders.customer_id = discounted.customer_id
    left join complained
        on first_orders.customer_id = complained.customer_id
    left join answered
        on first_orders.customer_id = answered.customer_id
    left join refunded
        on first_orders.customer_id = refunded.customer_id

)

select * from final
