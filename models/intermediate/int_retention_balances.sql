-- One row per grain, basis, dimension, value and period from that of its first person on: who was
-- there at open, came, left, moved, and is there at close (definitions §3), in the running period
-- as at the cutoff. Every mart that counts lost people by period reads this.
{{ config(materialized='view') }}
with

retention_flows as (

    select
        grain,
        basis,
        dimension,
        value,
        period_number,
        new,
        returned,
        lost,
        transient,
        intra_period_lapse,
        moved_in,
        moved_out
    from {{ ref('int_retention_flows') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}

),

-- a value has rows from the period of its first person on
first_periods as (

    select
        grain,
        basis,
        dimension,
        value,
        min(period_number) as first_period
    from retention_flows
    group by
        grain,
        basis,
        dimension,
        value

),

flows as (

    select
        first_periods.grain,
        first_periods.basis,
        first_periods.dimension,
        first_periods.value,
        periods.period_number,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        coalesce(retention_flows.new, 0) as new,
        coalesce(retention_flows.returned, 0) as returned,
        coalesce(retention_flows.lost, 0) as lost,
        coalesce(retention_flows.transient, 0) as transient,
        coalesce(retention_flows.intra_period_lapse, 0) as intra_period_lapse,
        coalesce(retention_flows.moved_in, 0) as moved_in,
        coalesce(retention_flows.moved_out, 0) as moved_out
    from first_periods
    inner join periods
        on
        first_periods.grain = periods.grain
        and first_periods.first_period <= periods.period_number
    left join retention_flows
        on
        first_periods.grain = retention_flows.grain
        and first_periods.basis = retention_flows.basis
        and first_periods.dimension = retention_flows.dimension
        and first_periods.value = retention_flows.value
        and periods.period_number = retention_flows.period_number

),

-- what came less what went is the balance: opening before the period, closing after it
final as (

    select
        grain,
        basis,
        dimension,
        value,
        period_number,
        period_start,
        is_complete,
        is_final,
        new,
        returned,
        lost,
        transient,
        intra_period_lapse,
        moved_in,
        moved_out,
        cast(coalesce(
            sum(new + returned + moved_in - lost - moved_out) over (
                partition by grain, basis, dimension, value
                order by period_number nulls first
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as bigint) as opening,
        cast(sum(new + returned + moved_in - lost - moved_out) over (
            partition by grain, basis, dimension, value
            order by period_number nulls first
            rows between unbounded preceding and current row
        ) as bigint) as closing
    from flows

)

select * from final
