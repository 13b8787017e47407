-- One row per person and purchase occasion, with what was known at the end of its day: purchases
-- and revenue (before refunds, which come later) so far, and the days after which the person is
-- lost, as int_order_spells reckons them. Holds from occasion_on to the day before next_on.
with

people as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue_before_refunds
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null

),

lapse_points as (

    select
        applies_from,
        lapse_point_days,
        rule
    from {{ ref('int_lapse_points') }}

),

occasions as (

    select
        people.person_number,
        orders.ordered_on as occasion_on,
        sum(orders.net_revenue_before_refunds) as revenue
    from orders
    inner join people
        on orders.customer_id = people.customer_id
    group by
        people.person_number,
        orders.ordered_on

),

gaps as (

    select
        person_number,
        occasion_on,
        lead(occasion_on) over person_occasions as next_on,
        min(occasion_on) over so_far as first_on,
        count(*) over so_far as occasions_so_far,
        sum(revenue) over so_far as revenue_so_far,
        count(*) over latest_occasions - 1 as own_gaps,
        {{ days_between('min(occasion_on) over latest_occasions', 'occasion_on') }} as own_gap_days
    from occasions
    window
        person_occasions as (
            partition by person_number
            order by occasion_on nulls first
        ),
        so_far as (
            partition by person_number
            order by occasion_on nulls first
            rows between unbounded preceding and current row
        ),
        latest_occasions as (
            partition by person_number
            order by occasion_on nulls first
            rows between {{ var('lapse_gaps') | int(4) }} preceding and current row
        )

),

rules as (

    select
        gaps.person_number,
        gaps.occasion_on,
        gaps.next_on,
        gaps.first_on,
        gaps.occasions_so_far,
        gaps.revenue_so_far,
        gaps.own_gaps,
        gaps.own_gap_days,
        lapse_points.lapse_point_days,
        {{ lapse_window_rule('gaps.own_gaps', 'lapse_points.rule') }} as rule
    from gaps
    left join lapse_points
        on cast(date_trunc('month', gaps.occasion_on) as date) = lapse_points.applies_from

),

final as (

    select
        person_number,
        occasion_on,
        next_on,
        first_on,
        cast(occasions_so_far as integer) as occasions_so_far,
        cast(revenue_so_far as decimal(18, 2)) as revenue_so_far,
        cast(
            {{ lapse_window_days('rule', 'own_gaps', 'own_gap_days', 'lapse_point_days') }}
            as integer
        ) as lost_after_days
    from rules

)

select * from final
