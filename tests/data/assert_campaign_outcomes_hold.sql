-- Values of a dimension add up to all of their campaign and arm, people without a value among them;
-- the campaign's own cost is shared to the cent of each value (definitions §7, Outcomes).
with

campaign_outcomes as (

    select
        campaign_id,
        variant,
        dimension,
        people,
        sent,
        delivered,
        returned,
        orders,
        revenue,
        cost
    from {{ ref('campaign_outcomes') }}

),

sums as (

    select
        campaign_id,
        variant,
        dimension,
        count(*) as cells,
        sum(people) as people,
        sum(sent) as sent,
        sum(delivered) as delivered,
        sum(returned) as returned,
        sum(orders) as orders,
        sum(revenue) as revenue,
        sum(cost) as cost
    from campaign_outcomes
    group by
        campaign_id,
        variant,
        dimension

)

select
    sums.campaign_id,
    sums.variant,
    sums.dimension
from sums
inner join sums as totals
    on
    sums.campaign_id = totals.campaign_id
    and sums.variant = totals.variant
    and totals.dimension = 'all'
where
    sums.people <> totals.people
    or sums.sent <> totals.sent
    or sums.delivered <> totals.delivered
    or sums.returned <> totals.returned
    or sums.orders <> totals.orders
    or sums.revenue <> totals.revenue
    or abs(sums.cost - totals.cost) > 0.01 * sums.cells
