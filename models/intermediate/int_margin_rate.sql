-- One row: the share of net revenue that is margin, Σ margin ÷ Σ net revenue over the valid orders
-- of people known in the last revenue_window_days whose unit costs are known, or else what the
-- setting assumed_margin_rate says, with the reason.
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

orders as (

    select
        orders.net_revenue,
        orders.margin
    from {{ ref('orders') }} as orders
    cross join cutoff
    where
        orders.is_valid and orders.margin is not null and orders.customer_id is not null
        and {{ days_between('orders.ordered_on', 'cutoff.cutoff_day') }}
        < {{ var('revenue_window_days') }}

),

known as (

    select
        cast(sum(margin) as double) as margin,
        cast(sum(net_revenue) as double) as net_revenue
    from orders

),

final as (

    select
        case
            when net_revenue > 0
                then cast(margin as double) / nullif(cast(net_revenue as double), 0)
            else cast({{ var('assumed_margin_rate') }} as double)
        end as margin_rate,
        case
            when net_revenue > 0 then cast(null as string)
            else
                'unit costs unknown: margin taken as {{ var("assumed_margin_rate") }} of net '
                || 'revenue (assumed_margin_rate)'
        end as margin_reason
    from known

)

select * from final
