-- One row per month and pair of RFM segments: people in the one at the month's open and in the
-- other at its close, as customer_segment_history knew them then (definitions §6); (none) before
-- the first order that counts. Every pair has a row in every month, 0 included; customers add up
-- over pairs, not over months.
with

periods as (

    select
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain = 'month'

),

history as (

    select
        customer_id,
        rfm_segment,
        {{ period_number("'month'", 'valid_from') }} as from_month,
        {{ period_number("'month'", 'valid_to') }} as to_month,
        valid_from
    from {{ ref('customer_segment_history') }}

),

segments as (

    select distinct rfm_segment
    from {{ ref('rfm_segments') }}

    union all

    select '(none)' as rfm_segment

),

-- a spell without a month end in it is at no close
closes as (

    select
        customer_id,
        rfm_segment,
        from_month,
        to_month,
        lag(rfm_segment) over person as previous_segment,
        lag(to_month) over person as previous_to,
        lead(from_month) over person as next_from
    from history
    where to_month is null or from_month < to_month
    window person as (partition by customer_id order by valid_from nulls first)

),

moves as (

    select
        from_month as period_number,
        case when previous_to = from_month then previous_segment else '(none)' end
            as from_segment,
        rfm_segment as to_segment
    from closes
    where previous_to is distinct from from_month or previous_segment <> rfm_segment

    union all

    select
        to_month as period_number,
        rfm_segment as from_segment,
        '(none)' as to_segment
    from closes
    where to_month is not null and next_from is distinct from to_month

),

moved as (

    select
        period_number,
        from_segment,
        to_segment,
        count(*) as customers
    from moves
    group by
        period_number,
        from_segment,
        to_segment

),

balance_changes as (

    select
        period_number,
        to_segment as rfm_segment,
        sum(customers) as customers
    from moved
    group by
        period_number,
        to_segment

    union all

    select
        period_number,
        from_segment as rfm_segment,
        -sum(customers) as customers
    from moved
    group by
        period_number,
        from_segment

),

month_changes as (

    select
        period_number,
        rfm_segment,
        sum(customers) as customers
    from balance_changes
    group by
        period_number,
        rfm_segment

),

-- nobody counts as being in (none): who has never ordered is not there
openings as (

    select
        periods.period_number,
        segments.rfm_segment,
        coalesce(
            sum(month_changes.customers) over (
                partition by segments.rfm_segment
                order by periods.period_number nulls first
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as customers
    from periods
    cross join segments
    left join month_changes
        on
        periods.period_number = month_changes.period_number
        and segments.rfm_segment = month_changes.rfm_segment
    where segments.rfm_segment <> '(none)'

),

left_segments as (

    select
        period_number,
        from_segment,
        sum(customers) as customers
    from moved
    group by
        period_number,
        from_segment

),

pairs as (

    select
        periods.period_number,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        from_segments.rfm_segment as from_segment,
        to_segments.rfm_segment as to_segment
    from periods
    cross join segments as from_segments
    cross join segments as to_segments
    where from_segments.rfm_segment <> '(none)' or to_segments.rfm_segment <> '(none)'

),

counted as (

    select
        pairs.period_start,
        pairs.from_segment,
        pairs.to_segment,
        openings.customers as from_customers,
        case
            when pairs.from_segment = pairs.to_segment
                then openings.customers - coalesce(left_segments.customers, 0)
            else coalesce(moved.customers, 0)
        end as customers,
        pairs.is_complete,
        pairs.is_final
    from pairs
    left join moved
        on
        pairs.period_number = moved.period_number
        and pairs.from_segment = moved.from_segment
        and pairs.to_segment = moved.to_segment
    left join openings
        on
        pairs.period_number = openings.period_number
        and pairs.from_segment = openings.rfm_segment
    left join left_segments
        on
        pairs.period_number = left_segments.period_number
        and pairs.from_segment = left_segments.from_segment

),

final as (

    select
        'month' as grain,
        period_start,
        from_segment,
        to_segment,
        cast(from_customers as bigint) as from_customers,
        cast(customers as bigint) as customers,
        case
            when is_complete
                then cast(customers as double) / nullif(cast(from_customers as double), 0)
        end as migration_rate,
        is_complete,
        is_final,
        coalesce(from_customers < {{ var('small_cell_size') }}, false) as is_small
    from counted

)

select * from final
