-- One row per measure and key of int_buyer_steps (day of the last order, number of orders, bucket
-- of revenue) with the runs of int_class_runs in its reach: (above_value, to_value] decides within
-- a bucket. A table of its own, small and of known size: without it the big joins of
-- int_score_stretches are planned in an order that costs ten times as much.
with

steps as (

    select
        last_order_day,
        orders,
        scored_cents,
        revenue_position,
        revenue_bucket
    from {{ ref('int_buyer_steps') }}

),

runs as (

    select
        measure,
        above_value,
        to_value,
        level,
        new_level,
        run_from,
        run_to
    from {{ ref('int_class_runs') }}

),

keys as (

    select
        'recency' as measure,
        cast(last_order_day as bigint) as step_key,
        cast(last_order_day as bigint) as first_value,
        cast(last_order_day as bigint) as last_value
    from steps
    group by last_order_day

    union all

    select
        'frequency' as measure,
        orders as step_key,
        orders as first_value,
        orders as last_value
    from steps
    group by orders

    union all

    select
        'monetary' as measure,
        cast(revenue_bucket as bigint) as step_key,
        min(scored_cents) as first_value,
        max(scored_cents) as last_value
    from steps
    group by revenue_bucket

    union all

    select
        'value_class' as measure,
        cast(revenue_bucket as bigint) as step_key,
        min(revenue_position) as first_value,
        max(revenue_position) as last_value
    from steps
    group by revenue_bucket

),

final as (

    select
        keys.measure,
        keys.step_key,
        runs.above_value,
        runs.to_value,
        runs.level,
        runs.new_level,
        runs.run_from,
        runs.run_to
    from keys
    inner join runs
        on
        keys.measure = runs.measure
        and keys.last_value > runs.above_value
        and (runs.to_value is null or keys.first_value <= runs.to_value)

)

select * from final
