-- One row per grain, period, basis, dimension and value: who was there at open, who came, left,
-- moved between values, and who is there at close. Counts of an incomplete period stand as they are
-- at the cutoff; its rates are null. Opening, closing and rates are not additive over periods;
-- counts add up over a dimension's values.
with

balances as (

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
        case grain
            when 'week' then 52
            when 'month' then 12
            when 'quarter' then 4
            else 1
        end as periods_per_year
    from {{ ref('int_retention_balances') }}

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
        opening,
        new,
        returned,
        lost,
        transient,
        intra_period_lapse,
        moved_in,
        moved_out,
        closing,
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
