-- One row per grain, period, basis, dimension and value: who was there at open, who came, left,
-- moved between values, and who is there at close. Counts of an incomplete period stand as they are
-- at the cutoff; its rates are null. Opening, closing and rates are not additive over periods;
-- counts add up over a dimension's values.
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
balances as (

    select
        grain,
        basis,
        dimension,
        value,
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
        coalesce(
            sum(new + returned + moved_in - lost - moved_out) over (
                partition by grain, basis, dimension, value
                order by period_number nulls first
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as opening,
        sum(new + returned + moved_in - lost - moved_out) over (
            partition by grain, basis, dimension, value
            order by period_number nulls first
            rows between unbounded preceding and current row
        ) as closing,
        case grain
            when 'week' then 52
            when 'month' then 12
            when 'quarter' then 4
            else 1
        end as periods_per_year
    from flows

),

rates as (

    select
        grain,
        basis,
        dimension,
        value,
        period_start,
        is_complete,
        is_final,
        opening,
        new,
        returned,
        lost,
        transient,
        intra_period_lapse,
        moved_in,
        moved_out,
        closing,
        periods_per_year,
        case
            when is_complete then cast(lost as double) / nullif(cast(opening as double), 0)
        end as churn_rate,
        case
            when is_complete
                then cast(opening - lost as double) / nullif(cast(opening as double), 0)
        end as retention_rate
    from balances

),

final as (

    select
        grain,
        period_start,
        basis,
        dimension,
        value,
        cast(opening as bigint) as opening,
        new,
        returned,
        lost,
        transient,
        intra_period_lapse,
        moved_in,
        moved_out,
        cast(closing as bigint) as closing,
        churn_rate,
        retention_rate,
        1 - power(1 - churn_rate, periods_per_year) as annualised_churn_rate,
        cast({{ var('annual_churn_benchmark_low') }} as double) as annual_churn_benchmark_low,
        cast({{ var('annual_churn_benchmark_high') }} as double) as annual_churn_benchmark_high,
        is_complete,
        is_final,
        opening < {{ var('small_cell_size') }} as is_small
    from rates

)

select * from final
