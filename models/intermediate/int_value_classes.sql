-- One row per person and stretch [valid_from, valid_to) of local days with the same value class, as
-- it was known then (definitions §6, ABC): what is known of the revenue at a day's end, against the
-- breaks of the last month end. Nothing before the first month end of history.
with

buyers as (

    select
        buyer_number,
        customer_id
    from {{ ref('int_buyer_numbers') }}

),

steps as (

    select
        buyer_number,
        valid_from,
        valid_to,
        revenue_position,
        revenue_bucket
    from {{ ref('int_buyer_steps') }}

),

runs as (

    select
        above_value,
        to_value,
        level,
        run_from,
        run_to
    from {{ ref('int_class_runs') }}
    where measure = 'value_class'

),

buckets as (

    select
        revenue_bucket,
        min(revenue_position) as first_position,
        max(revenue_position) as last_position
    from steps
    group by revenue_bucket

),

bucket_runs as (

    select
        buckets.revenue_bucket,
        runs.above_value,
        runs.to_value,
        runs.level,
        runs.run_from,
        runs.run_to
    from buckets
    inner join runs
        on
        buckets.last_position > runs.above_value
        and (runs.to_value is null or buckets.first_position <= runs.to_value)

),

classes as (

    select
        steps.buyer_number,
        greatest(steps.valid_from, bucket_runs.run_from) as valid_from,
        case
            when steps.valid_to is null then bucket_runs.run_to
            when bucket_runs.run_to is null then steps.valid_to
            else least(steps.valid_to, bucket_runs.run_to)
        end as valid_to,
        bucket_runs.level
    from steps
    inner join bucket_runs
        on
        steps.revenue_bucket = bucket_runs.revenue_bucket
        and steps.revenue_position > bucket_runs.above_value
        and (
            bucket_runs.to_value is null
            or steps.revenue_position <= bucket_runs.to_value
        )
        and (steps.valid_to is null or steps.valid_to > bucket_runs.run_from)
        and (bucket_runs.run_to is null or steps.valid_from < bucket_runs.run_to)

),

followed as (

    select
        buyer_number,
        valid_from,
        valid_to,
        level,
        lag(level) over person as previous_level,
        lag(valid_to) over person as previous_to,
        max(valid_to) over (partition by buyer_number) as last_to,
        bool_or(valid_to is null) over (partition by buyer_number) as is_open
    from classes
    window person as (partition by buyer_number order by valid_from nulls first)

),

-- a class that stays from one stretch to the next is one
beginnings as (

    select
        buyer_number,
        valid_from,
        level,
        previous_to,
        case when not is_open then last_to end as last_to
    from followed
    where
        previous_level is distinct from level
        or previous_to is distinct from valid_from

),

spells as (

    select
        buyer_number,
        level,
        valid_from,
        coalesce(
            lead(previous_to) over (partition by buyer_number order by valid_from nulls first),
            last_to
        ) as valid_to
    from beginnings

),

final as (

    select
        buyers.customer_id,
        case spells.level when 3 then 'A' when 2 then 'B' else 'C' end as value_class,
        spells.valid_from,
        spells.valid_to
    from spells
    inner join buyers
        on spells.buyer_number = buyers.buyer_number

)

select * from final
