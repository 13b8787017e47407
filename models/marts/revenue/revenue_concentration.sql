-- One row per month (or all history, grain all) and share of the customers who bought in it, the
-- biggest spenders first: what the top 1, 5, 10, 20, 50 % bring (definitions §4, Concentration).
-- Zero revenue is in, negative counts 0; order as ABC: revenue descending, ties by id.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

periods as (

    select
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain = 'month'

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue
    from {{ ref('orders') }}
    where is_valid

),

history as (

    select
        min(orders.ordered_on) as first_order_on,
        max(data_cutoff.cutoff_day) as cutoff_day
    from orders
    cross join data_cutoff

),

customer_lifecycle as (

    select
        customer_id,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'orders'

),

windows as (

    select
        'month' as grain,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_final
    from periods
    cross join history
    where periods.period_end > history.first_order_on

    union all

    -- all history is whole at every cutoff, and final at none
    select
        'all' as grain,
        first_order_on as period_start,
        {{ add_days('cutoff_day', 1) }} as period_end,
        true as is_complete,
        false as is_final
    from history
    where first_order_on is not null

),

month_revenue as (

    select
        customer_id,
        {{ period_number("'month'", 'ordered_on') }} as period_number,
        sum(net_revenue) as net_revenue
    from orders
    where customer_id is not null
    group by
        customer_id,
        {{ period_number("'month'", 'ordered_on') }}

),

customer_revenue as (

    select
        'month' as grain,
        periods.period_start,
        month_revenue.customer_id,
        greatest(month_revenue.net_revenue, 0) as revenue
    from month_revenue
    inner join periods
        on month_revenue.period_number = periods.period_number

    union all

    select
        'all' as grain,
        history.first_order_on as period_start,
        month_revenue.customer_id,
        greatest(sum(month_revenue.net_revenue), 0) as revenue
    from month_revenue
    cross join history
    group by
        history.first_order_on,
        month_revenue.customer_id

),

ranked as (

    select
        customer_revenue.grain,
        customer_revenue.period_start,
        customer_revenue.revenue,
        customer_lifecycle.state,
        row_number() over (
            partition by
                customer_revenue.grain,
                customer_revenue.period_start
            order by
                customer_revenue.revenue desc nulls last,
                customer_revenue.customer_id asc nulls last
        ) as place,
        sum(customer_revenue.revenue) over (
            partition by
                customer_revenue.grain,
                customer_revenue.period_start
            order by
                customer_revenue.revenue desc nulls last,
                customer_revenue.customer_id asc nulls last
            rows between unbounded preceding and current row
        ) as revenue_to_place
    from customer_revenue
    inner join windows
        on
        customer_revenue.grain = windows.grain
        and customer_revenue.period_start = windows.period_start
    cross join history
    -- the state on the window's last day, or the last day known
    left join customer_lifecycle
        on
        customer_revenue.customer_id = customer_lifecycle.customer_id
        and customer_lifecycle.valid_from
        <= least({{ add_days('windows.period_end', -1) }}, history.cutoff_day)
        and (
            customer_lifecycle.valid_to is null
            or customer_lifecycle.valid_to
            > least({{ add_days('windows.period_end', -1) }}, history.cutoff_day)
        )

),

totals as (

    select
        grain,
        period_start,
        count(*) as window_customers,
        sum(revenue) as window_revenue,
        -- each customer's revenue times their place from the bottom
        sum(revenue_to_place) as revenue_by_place
    from ranked
    group by
        grain,
        period_start

),

shares as (

    select
        ranked.grain,
        ranked.period_start,
        min(ranked.place) as customers_for_80_percent
    from ranked
    inner join totals
        on
        ranked.grain = totals.grain
        and ranked.period_start = totals.period_start
    where
        totals.window_revenue > 0
        and 10 * ranked.revenue_to_place >= 8 * totals.window_revenue
    group by
        ranked.grain,
        ranked.period_start

),

top_percents as (

    select 1 as top_percent

    union all

    select 5 as top_percent

    union all

    select 10 as top_percent

    union all

    select 20 as top_percent

    union all

    select 50 as top_percent

),

tops as (

    select
        windows.grain,
        windows.period_start,
        windows.is_complete,
        windows.is_final,
        top_percents.top_percent,
        coalesce(totals.window_customers, 0) as window_customers,
        coalesce(totals.window_revenue, 0) as window_revenue,
        totals.revenue_by_place,
        shares.customers_for_80_percent,
        -- ceil(p × n ÷ 100) in whole numbers
        coalesce(
            {{ integer_quotient(
                'top_percents.top_percent * totals.window_customers + 99', '100'
            ) }},
            0
        ) as customers
    from windows
    cross join top_percents
    left join totals
        on
        windows.grain = totals.grain
        and windows.period_start = totals.period_start
    left join shares
        on
        windows.grain = shares.grain
        and windows.period_start = shares.period_start

),

top_revenue as (

    select
        tops.grain,
        tops.period_start,
        tops.top_percent,
        sum(ranked.revenue) as revenue,
        sum(case when ranked.state = 'at_risk' then ranked.revenue else 0 end) as at_risk_revenue,
        sum(case when ranked.state = 'lost' then ranked.revenue else 0 end) as lost_revenue
    from tops
    inner join ranked
        on
        tops.grain = ranked.grain
        and tops.period_start = ranked.period_start
        and tops.customers >= ranked.place
    group by
        tops.grain,
        tops.period_start,
        tops.top_percent

),

final as (

    select
        tops.grain,
        tops.period_start,
        'orders' as basis,
        'all' as dimension,
        'all' as value,
        tops.top_percent,
        tops.window_customers,
        cast(tops.window_revenue as decimal(18, 2)) as window_revenue,
        cast(tops.customers as bigint) as customers,
        cast(coalesce(top_revenue.revenue, 0) as decimal(18, 2)) as revenue,
        cast(coalesce(top_revenue.at_risk_revenue, 0) as decimal(18, 2)) as at_risk_revenue,
        cast(coalesce(top_revenue.lost_revenue, 0) as decimal(18, 2)) as lost_revenue,
        case
            when tops.is_complete
                then
                    cast(top_revenue.revenue as double)
                    / nullif(cast(tops.window_revenue as double), 0)
        end as revenue_share,
        case
            when tops.is_complete
                then
                    cast(tops.customers_for_80_percent as double)
                    / nullif(cast(tops.window_customers as double), 0)
        end as share_for_80_percent,
        -- exact up to the division: two doubles could differ by less than 0 where all are alike
        case
            when tops.is_complete
                then
                    cast(
                        2 * tops.revenue_by_place
                        - (tops.window_customers + 1) * tops.window_revenue as double
                    )
                    / nullif(
                        cast(tops.window_customers as double) * cast(tops.window_revenue as double),
                        0
                    )
        end as gini,
        tops.is_complete,
        tops.is_final,
        tops.window_customers < {{ var('small_cell_size') }} as is_small
    from tops
    left join top_revenue
        on
        tops.grain = top_revenue.grain
        and tops.period_start = top_revenue.period_start
        and tops.top_percent = top_revenue.top_percent

)

select * from final
