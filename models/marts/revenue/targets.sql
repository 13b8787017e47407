-- One row per goal of seeds/goals: metric, segment and period, what was to be and what is, met or
-- missed; in the running period, on track or behind by the days gone (definitions §4, Targets). The
-- numbers are those of the marts that seeds/target_metrics names. Not additive.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

goals as (

    select
        metric,
        basis,
        dimension,
        value,
        grain,
        period_start,
        goal,
        direction
    from {{ ref('goals') }}

),

target_metrics as (

    select
        metric,
        basis,
        kind
    from {{ ref('target_metrics') }}

),

headcounts as (

    select
        basis,
        dimension,
        value,
        grain,
        period_start,
        opening,
        new,
        returned,
        lost,
        closing
    from {{ ref('int_retention_balances') }}

),

revenue_retention as (

    select
        basis,
        dimension,
        value,
        grain,
        period_start,
        opening_customers,
        closing_customers,
        opening_revenue,
        new_revenue,
        expansion_revenue,
        contraction_revenue,
        pause_revenue,
        churn_revenue,
        closing_revenue
    from {{ ref('revenue_retention') }}

),

order_months as (

    select
        dimension,
        value,
        period_start,
        customers,
        orders,
        revenue
    from {{ ref('price_volume') }}
    where compared_with = 'month_before'

),

windows as (

    select
        goals.metric,
        goals.basis,
        goals.dimension,
        goals.value,
        goals.grain,
        goals.period_start,
        goals.goal,
        goals.direction,
        target_metrics.kind,
        data_cutoff.cutoff_day,
        case
            when goals.grain = 'trailing_12_months' then {{ add_months('goals.period_start', 12) }}
            else {{ period_first_day(
                'goals.grain', period_number('goals.grain', 'goals.period_start') ~ ' + 1'
            ) }}
        end as period_end
    from goals
    cross join data_cutoff
    left join target_metrics
        on
        goals.metric = target_metrics.metric
        and goals.basis = target_metrics.basis

),

order_sums as (

    select
        windows.dimension,
        windows.value,
        windows.grain,
        windows.period_start,
        max(order_months.customers) as customers,
        sum(order_months.orders) as orders,
        sum(order_months.revenue) as revenue
    from (
        select distinct
            dimension,
            value,
            grain,
            period_start,
            period_end
        from windows
        where grain in ('month', 'quarter', 'year')
    ) as windows
    inner join order_months
        on
        windows.dimension = order_months.dimension
        and windows.value = order_months.value
        and windows.period_start <= order_months.period_start
        and windows.period_end > order_months.period_start
    group by
        windows.dimension,
        windows.value,
        windows.grain,
        windows.period_start

),

-- each metric as one number over another, or alone
parts as (

    select
        windows.metric,
        windows.basis,
        windows.dimension,
        windows.value,
        windows.grain,
        windows.period_start,
        windows.period_end,
        windows.goal,
        windows.direction,
        windows.kind,
        windows.cutoff_day,
        windows.period_end <= {{ add_days('windows.cutoff_day', 1) }} as is_complete,
        case
            when windows.metric in ('churn_rate', 'retention_rate') then headcounts.lost
            when windows.metric = 'active_customers' then headcounts.closing
            when windows.metric = 'new_customers' then headcounts.new
            when windows.metric = 'returned_customers' then headcounts.returned
            when windows.metric = 'lost_customers' then headcounts.lost
            when windows.metric in ('mrr', 'arpa') then revenue_retention.closing_revenue
            when windows.metric in ('gross_churn_rate', 'gross_retention_rate')
                then
                    revenue_retention.churn_revenue + revenue_retention.contraction_revenue
                    + revenue_retention.pause_revenue
            when windows.metric in ('net_churn_rate', 'net_retention_rate')
                then
                    revenue_retention.churn_revenue + revenue_retention.contraction_revenue
                    + revenue_retention.pause_revenue - revenue_retention.expansion_revenue
            when windows.metric = 'quick_ratio'
                then revenue_retention.new_revenue + revenue_retention.expansion_revenue
            when windows.metric in ('revenue', 'average_order_value') then order_sums.revenue
            when windows.metric = 'orders' then order_sums.orders
        end as numerator,
        case
            when windows.metric in ('churn_rate', 'retention_rate') then headcounts.opening
            when windows.metric = 'arpa' then revenue_retention.closing_customers
            when
                windows.metric in (
                    'gross_churn_rate', 'gross_retention_rate', 'net_churn_rate',
                    'net_retention_rate'
                )
                then revenue_retention.opening_revenue
            when windows.metric = 'quick_ratio'
                then revenue_retention.contraction_revenue + revenue_retention.churn_revenue
            when windows.metric = 'average_order_value' then order_sums.orders
            else 1
        end as denominator,
        coalesce(
            case
                when windows.metric in ('revenue', 'orders', 'average_order_value')
                    then order_sums.customers
                when
                    windows.metric in (
                        'churn_rate', 'retention_rate', 'active_customers', 'new_customers',
                        'returned_customers', 'lost_customers'
                    )
                    then headcounts.opening
                else revenue_retention.opening_customers
            end,
            0
        ) as customers
    from windows
    left join headcounts
        on
        windows.basis = headcounts.basis
        and windows.dimension = headcounts.dimension
        and windows.value = headcounts.value
        and windows.grain = headcounts.grain
        and windows.period_start = headcounts.period_start
    left join revenue_retention
        on
        windows.basis = revenue_retention.basis
        and windows.dimension = revenue_retention.dimension
        and windows.value = revenue_retention.value
        and windows.grain = revenue_retention.grain
        and windows.period_start = revenue_retention.period_start
    left join order_sums
        on
        windows.dimension = order_sums.dimension
        and windows.value = order_sums.value
        and windows.grain = order_sums.grain
        and windows.period_start = order_sums.period_start

),

-- shares and ratios to 6 decimals, money per order or customer to the cent
measured as (

    select
        *,
        case
            when denominator = 0 or numerator is null then null
            when metric in ('average_order_value', 'arpa')
                then {{ prorate_money(
                    'cast(numerator as decimal(18, 2))',
                    'cast(1 as decimal(18, 2))',
                    'cast(denominator as decimal(18, 2))'
                ) }}
            when kind = 'share_kept'
                then cast(
                        round(
                            1 - cast(numerator as double) / nullif(cast(denominator as double), 0),
                            6
                        ) as decimal(18, 6)
                    )
            when kind in ('share_lost', 'ratio')
                then cast(
                        round(cast(numerator as double) / nullif(cast(denominator as double), 0), 6)
                        as decimal(18, 6)
                    )
            else cast(numerator as decimal(18, 6))
        end as to_date,
        -- the part of the period that is over, 0 before it begins
        cast(
            least(
                1,
                greatest(
                    0,
                    cast(
                        {{ days_between('period_start', add_days('cutoff_day', 1)) }} as double
                    ) / nullif(cast({{ days_between('period_start', 'period_end') }} as double), 0)
                )
            ) as double
        ) as elapsed_share
    from parts

),

expected as (

    select
        *,
        cast(
            case
                when kind in ('sum', 'share_lost')
                    then round(cast(goal as double) * elapsed_share, 6)
                when kind = 'share_kept'
                    then round(1 - (1 - cast(goal as double)) * elapsed_share, 6)
                else goal
            end as decimal(18, 6)
        ) as expected_to_date
    from measured

),

judged as (

    select
        *,
        case
            when direction = 'at_least' and is_complete then to_date >= goal
            when direction = 'at_least' then to_date >= expected_to_date
            when is_complete then to_date <= goal
            else to_date <= expected_to_date
        end as is_good
    from expected

),

final as (

    select
        metric,
        basis,
        dimension,
        value,
        grain,
        period_start,
        direction,
        goal,
        cast(
            case
                when is_complete or kind in ('sum', 'balance') then to_date
            end as decimal(18, 6)
        ) as actual,
        cast(to_date as decimal(18, 6)) as to_date,
        elapsed_share,
        case when is_complete then goal else expected_to_date end as expected_to_date,
        case
            when is_good is null or elapsed_share = 0 then 'no_data'
            when is_complete and is_good then 'met'
            when is_complete then 'missed'
            when is_good then 'on_track'
            else 'behind'
        end as status,
        case
            when elapsed_share = 0 then 'the period has not begun'
            when numerator is null then 'no such row in the mart'
            when to_date is null then 'nothing to divide by'
            else ''
        end as reason,
        is_complete,
        {{ add_days('period_end', var('settle_days')) }} <= {{ add_days('cutoff_day', 1) }}
            as is_final,
        customers < {{ var('small_cell_size') }} as is_small
    from judged

)

select * from final
