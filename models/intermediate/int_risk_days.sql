-- One row per day on which risk is judged: the cutoff day, and of the month ends after which
-- risk_horizon_days have passed the last risk_history_months, on which history shows what signals
-- are worth (definitions §7).
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

months as (

    select
        period_number,
        period_end
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

days as (

    select
        cutoff_day as evaluation_on,
        true as is_now
    from data_cutoff

    union all

    select
        {{ add_days('months.period_end', -1) }} as evaluation_on,
        false as is_now
    from months
    cross join data_cutoff
    where
        {{ add_days('months.period_end', (var('risk_horizon_days') | int(90)) - 1) }}
        <= data_cutoff.cutoff_day
    qualify
        row_number() over (
            order by months.period_number desc nulls last
        ) <= {{ var('risk_history_months') }}

),

final as (

    select
        evaluation_on,
        {{ add_days('evaluation_on', var('risk_horizon_days')) }} as outcome_on,
        is_now
    from days

)

select * from final
