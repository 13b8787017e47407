-- One row per person and stretch [valid_from, valid_to) of local days with the same scores and
-- value class as known then (definitions §6): what is known of the purchases at a day's end,
-- against the breaks of the last month end. Grows with the changes, not with people × months;
-- neighbours may be equal. segment_* is what the segment map is asked for (E39, E99).
with

steps as (

    select
        buyer_number,
        valid_from,
        valid_to,
        last_order_day,
        orders,
        is_one_occasion,
        scored_cents,
        revenue_position,
        revenue_bucket
    from {{ ref('int_buyer_steps') }}

),

recency_runs as (

    select
        step_key,
        level,
        new_level,
        run_from,
        run_to
    from {{ ref('int_class_key_runs') }}
    where measure = 'recency'

),

frequency_runs as (

    select
        step_key,
        level,
        run_from,
        run_to
    from {{ ref('int_class_key_runs') }}
    where measure = 'frequency'

),

monetary_runs as (

    select
        step_key,
        above_value,
        to_value,
        level,
        run_from,
        run_to
    from {{ ref('int_class_key_runs') }}
    where measure = 'monetary'

),

class_runs as (

    select
        step_key,
        above_value,
        to_value,
        level,
        run_from,
        run_to
    from {{ ref('int_class_key_runs') }}
    where measure = 'value_class'

),

-- each join cuts the stretches where its level changes
with_recency as (

    select
        steps.buyer_number,
        steps.orders,
        steps.is_one_occasion,
        steps.scored_cents,
        steps.revenue_position,
        steps.revenue_bucket,
        recency_runs.level as recency_score,
        recency_runs.new_level,
        {{ overlap_from('steps.valid_from', 'recency_runs.run_from') }} as valid_from,
        {{ overlap_to('steps.valid_to', 'recency_runs.run_to') }} as valid_to
    from steps
    inner join recency_runs
        on
        steps.last_order_day = recency_runs.step_key
        and (steps.valid_to is null or steps.valid_to > recency_runs.run_from)
        and (recency_runs.run_to is null or steps.valid_from < recency_runs.run_to)

),

with_frequency as (

    select
        with_recency.buyer_number,
        with_recency.scored_cents,
        with_recency.revenue_position,
        with_recency.revenue_bucket,
        with_recency.recency_score,
        frequency_runs.level as frequency_score,
        case
            when with_recency.is_one_occasion or frequency_runs.level = 1
                then with_recency.new_level
            else with_recency.recency_score
        end as segment_recency,
        case when with_recency.is_one_occasion then 1 else frequency_runs.level end
            as segment_frequency,
        {{ overlap_from('with_recency.valid_from', 'frequency_runs.run_from') }} as valid_from,
        {{ overlap_to('with_recency.valid_to', 'frequency_runs.run_to') }} as valid_to
    from with_recency
    inner join frequency_runs
        on
        with_recency.orders = frequency_runs.step_key
        and (with_recency.valid_to is null or with_recency.valid_to > frequency_runs.run_from)
        and (frequency_runs.run_to is null or with_recency.valid_from < frequency_runs.run_to)

),

with_monetary as (

    select
        with_frequency.buyer_number,
        with_frequency.revenue_position,
        with_frequency.revenue_bucket,
        with_frequency.recency_score,
        with_frequency.frequency_score,
        with_frequency.segment_recency,
        with_frequency.segment_frequency,
        monetary_runs.level as monetary_score,
        {{ overlap_from('with_frequency.valid_from', 'monetary_runs.run_from') }} as valid_from,
        {{ overlap_to('with_frequency.valid_to', 'monetary_runs.run_to') }} as valid_to
    from with_frequency
    inner join monetary_runs
        on
        with_frequency.revenue_bucket = monetary_runs.step_key
        and with_frequency.scored_cents > monetary_runs.above_value
        and (
            monetary_runs.to_value is null
            or with_frequency.scored_cents <= monetary_runs.to_value
        )
        and (
            with_frequency.valid_to is null
            or with_frequency.valid_to > monetary_runs.run_from
        )
        and (
            monetary_runs.run_to is null
            or with_frequency.valid_from < monetary_runs.run_to
        )

),

final as (

    select
        with_monetary.buyer_number,
        {{ overlap_from('with_monetary.valid_from', 'class_runs.run_from') }} as valid_from,
        {{ overlap_to('with_monetary.valid_to', 'class_runs.run_to') }} as valid_to,
        cast(with_monetary.recency_score as integer) as recency_score,
        cast(with_monetary.frequency_score as integer) as frequency_score,
        cast(with_monetary.monetary_score as integer) as monetary_score,
        cast(with_monetary.segment_recency as integer) as segment_recency,
        cast(with_monetary.segment_frequency as integer) as segment_frequency,
        class_runs.level as class_level
    from with_monetary
    inner join class_runs
        on
        with_monetary.revenue_bucket = class_runs.step_key
        and with_monetary.revenue_position > class_runs.above_value
        and (
            class_runs.to_value is null
            or with_monetary.revenue_position <= class_runs.to_value
        )
        and (with_monetary.valid_to is null or with_monetary.valid_to > class_runs.run_from)
        and (class_runs.run_to is null or with_monetary.valid_from < class_runs.run_to)

)

select * from final
