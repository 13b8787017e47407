-- One row per quarter or year, product bought in it and window of days: how many of its buyers got
-- money back, complained of it, or were lost in the days after their last purchase of it in the
-- period, against buyers of other products of its category who did not buy it (definitions §8). Not
-- additive: a buyer counts in every product and period.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

windows as (

    select window_days
    from {{ ref('effect_windows') }}
    where mart = 'product_experience'

),

periods as (

    select
        grain,
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain in ('quarter', 'year')

),

people as (

    select
        customer_id,
        person_number
    from {{ ref('int_person_numbers') }}

),

orders as (

    select
        order_id,
        customer_id,
        ordered_on,
        coalesce(net_refunds, 0) > 0 as is_refunded
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null

),

order_items as (

    select
        order_id,
        product_id,
        coalesce(category, '(none)') as category
    from {{ ref('order_items') }}
    where product_id is not null and quantity > 0 and is_good_or_service

),

order_complaints as (

    select
        order_id,
        product_id,
        opened_on
    from {{ ref('customer_complaints') }}
    where order_id is not null

),

-- without an order it is about every purchase of the product it names
product_complaints as (

    select
        people.person_number,
        customer_complaints.product_id,
        customer_complaints.opened_on
    from {{ ref('customer_complaints') }} as customer_complaints
    inner join people
        on customer_complaints.customer_id = people.customer_id
    where
        customer_complaints.order_id is null
        and customer_complaints.product_id is not null

),

losses as (

    select
        customer_id,
        valid_from as lost_on,
        lag(valid_from) over (
            partition by customer_id
            order by valid_from nulls first
        ) as previous_lost_on
    from {{ ref('customer_lifecycle') }}
    where basis = 'orders' and state = 'lost'

),

-- the first loss after each purchase: that after a buyer's last one is the latest of them
purchases as (

    select
        orders.order_id,
        people.person_number,
        orders.ordered_on,
        orders.is_refunded,
        coalesce(losses.lost_on, date '9999-12-31') as lost_on
    from orders
    inner join people
        on orders.customer_id = people.customer_id
    left join losses
        on
        orders.customer_id = losses.customer_id
        and orders.ordered_on < losses.lost_on
        and (losses.previous_lost_on is null or orders.ordered_on >= losses.previous_lost_on)

),

-- two complaints of a line make it two rows, of which the maxima and minima here know nothing
product_buyers as (

    select
        periods.grain,
        periods.period_number,
        order_items.product_id,
        order_items.category,
        purchases.person_number,
        max(purchases.ordered_on) as last_on,
        max(purchases.lost_on) as lost_on,
        bool_or(purchases.is_refunded) as is_refunded,
        min(
            {{ days_between(
                'purchases.ordered_on',
                'least(order_complaints.opened_on, product_complaints.opened_on)'
            ) }}
        ) as complained_after_days
    from order_items
    inner join purchases
        on order_items.order_id = purchases.order_id
    inner join periods
        on
        purchases.ordered_on >= periods.period_start
        and purchases.ordered_on < periods.period_end
    left join order_complaints
        on
        order_items.order_id = order_complaints.order_id
        and order_items.product_id
        = coalesce(order_complaints.product_id, order_items.product_id)
        and purchases.ordered_on <= order_complaints.opened_on
    left join product_complaints
        on
        purchases.person_number = product_complaints.person_number
        and order_items.product_id = product_complaints.product_id
        and purchases.ordered_on <= product_complaints.opened_on
    group by
        periods.grain,
        periods.period_number,
        order_items.product_id,
        order_items.category,
        purchases.person_number

),

category_buyers as (

    select
        grain,
        period_number,
        category,
        person_number,
        max(last_on) as last_on,
        max(lost_on) as lost_on
    from product_buyers
    group by
        grain,
        period_number,
        category,
        person_number

),

category_followed as (

    select
        category_buyers.grain,
        category_buyers.period_number,
        category_buyers.category,
        category_buyers.person_number,
        {{ days_between('category_buyers.last_on', 'category_buyers.lost_on') }}
            as lost_after_days,
        {{ days_between('category_buyers.last_on', 'data_cutoff.cutoff_day') }} as seen_days
    from category_buyers
    cross join data_cutoff

),

category_counts as (

    select
        category_followed.grain,
        category_followed.period_number,
        category_followed.category,
        windows.window_days,
        count(*) as eligible,
        count(*) filter (
            where category_followed.lost_after_days <= windows.window_days
        ) as lost
    from category_followed
    inner join windows
        on category_followed.seen_days >= windows.window_days
    group by
        category_followed.grain,
        category_followed.period_number,
        category_followed.category,
        windows.window_days

),

product_followed as (

    select
        product_buyers.grain,
        product_buyers.period_number,
        product_buyers.product_id,
        product_buyers.category,
        product_buyers.is_refunded,
        product_buyers.complained_after_days,
        {{ days_between('product_buyers.last_on', 'product_buyers.lost_on') }} as lost_after_days,
        {{ days_between('product_buyers.last_on', 'data_cutoff.cutoff_day') }} as seen_days,
        category_followed.seen_days as category_seen_days,
        category_followed.lost_after_days as category_lost_after_days
    from product_buyers
    cross join data_cutoff
    inner join category_followed
        on
        product_buyers.grain = category_followed.grain
        and product_buyers.period_number = category_followed.period_number
        and product_buyers.category = category_followed.category
        and product_buyers.person_number = category_followed.person_number

),

product_counts as (

    select
        product_followed.grain,
        product_followed.period_number,
        product_followed.product_id,
        product_followed.category,
        windows.window_days,
        count(*) as buyers,
        count(*) filter (where product_followed.is_refunded) as refunded,
        count(*) filter (
            where product_followed.seen_days >= windows.window_days
            and product_followed.complained_after_days <= windows.window_days
        ) as complained,
        count(*) filter (
            where product_followed.seen_days >= windows.window_days
        ) as eligible,
        count(*) filter (
            where product_followed.seen_days >= windows.window_days
            and product_followed.lost_after_days <= windows.window_days
        ) as lost,
        count(*) filter (
            where product_followed.category_seen_days >= windows.window_days
        ) as category_eligible,
        count(*) filter (
            where product_followed.category_seen_days >= windows.window_days
            and product_followed.category_lost_after_days <= windows.window_days
        ) as category_lost
    from product_followed
    cross join windows
    group by
        product_followed.grain,
        product_followed.period_number,
        product_followed.product_id,
        product_followed.category,
        windows.window_days

),

compared as (

    select
        periods.grain,
        periods.period_start,
        product_counts.product_id,
        product_counts.category,
        product_counts.window_days,
        product_counts.buyers,
        product_counts.refunded,
        product_counts.complained,
        product_counts.eligible,
        product_counts.lost,
        coalesce(category_counts.eligible, 0) - product_counts.category_eligible as other_eligible,
        coalesce(category_counts.lost, 0) - product_counts.category_lost as other_lost,
        periods.is_complete,
        {{ add_days('periods.period_end', 'product_counts.window_days') }}
        <= {{ add_days('data_cutoff.cutoff_day', 1) }} as is_loss_complete,
        periods.is_final
    from product_counts
    cross join data_cutoff
    inner join periods
        on
        product_counts.grain = periods.grain
        and product_counts.period_number = periods.period_number
    left join category_counts
        on
        product_counts.grain = category_counts.grain
        and product_counts.period_number = category_counts.period_number
        and product_counts.category = category_counts.category
        and product_counts.window_days = category_counts.window_days

),

final as (

    select
        grain,
        period_start,
        product_id,
        window_days,
        category,
        buyers,
        refunded,
        complained,
        eligible,
        lost,
        other_eligible,
        other_lost,
        case when is_complete then {{ share('refunded', 'buyers') }} end as refund_rate,
        case
            when is_loss_complete then {{ share('complained', 'eligible') }}
        end as complaint_rate,
        case when is_loss_complete then {{ share('lost', 'eligible') }} end as loss_rate,
        case when is_loss_complete then {{ wilson_low('lost', 'eligible') }} end as loss_rate_low,
        case
            when is_loss_complete then {{ wilson_high('lost', 'eligible') }}
        end as loss_rate_high,
        case
            when is_loss_complete then {{ share('other_lost', 'other_eligible') }}
        end as other_loss_rate,
        case
            when is_loss_complete
                then {{ share('lost', 'eligible') }} - {{ share('other_lost', 'other_eligible') }}
        end as difference,
        case
            when is_loss_complete
                then {{ difference_low('lost', 'eligible', 'other_lost', 'other_eligible') }}
        end as difference_low,
        case
            when is_loss_complete
                then {{ difference_high('lost', 'eligible', 'other_lost', 'other_eligible') }}
        end as difference_high,
        'not causal' as comparison,
        is_complete,
        is_loss_complete,
        is_final and is_loss_complete as is_final,
        least(eligible, other_eligible) < {{ var('small_cell_size') }} as is_small
    from compared

)

select * from final
