-- A goal whose metric is not known on its basis, whose period begins on no first day of one, or
-- that asks for a grain its metric or dimension has not, would wait for data for ever (definitions
-- §4, Targets).
with

goals as (

    select
        metric,
        basis,
        dimension,
        value,
        grain,
        period_start
    from {{ ref('goals') }}

),

target_metrics as (

    select
        metric,
        basis,
        home
    from {{ ref('target_metrics') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

)

select
    goals.metric,
    goals.basis,
    goals.dimension,
    goals.grain,
    goals.period_start
from goals
left join target_metrics
    on
    goals.metric = target_metrics.metric
    and goals.basis = target_metrics.basis
left join dimension_grains
    on
    goals.dimension = dimension_grains.dimension
    and dimension_grains.grain
    = case
        -- read from months
        when target_metrics.home like 'revenue.price_volume%' then 'month'
        when goals.grain = 'trailing_12_months' then 'year'
        else goals.grain
    end
where
    target_metrics.metric is null
    or dimension_grains.dimension is null
    or (goals.dimension = 'all' and goals.value <> 'all')
    or (goals.grain = 'week' and target_metrics.home not like 'retention.%')
    or (goals.grain = 'trailing_12_months' and target_metrics.home not like 'revenue.revenue_ret%')
    or goals.period_start <> case
        when goals.grain = 'trailing_12_months'
            then cast(date_trunc('month', goals.period_start) as date)
        else {{ period_first_day(
            'goals.grain', period_number('goals.grain', 'goals.period_start')
        ) }}
    end
