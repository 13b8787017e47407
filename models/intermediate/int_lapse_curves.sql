-- One row per whole month up to the cutoff and gap length: the Kaplan-Meier estimate of the share
-- of gaps between purchase occasions that last longer, taken at the month's end from the gaps up to
-- it, open ones censored there. Reckoned from counts by month and length, never per person. Not
-- additive: survival is a running product.
with

periods as (

    select
        period_number,
        period_end
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

gaps as (

    select
        started_on,
        length_days,
        ended_in_month,
        gaps
    from {{ ref('int_lapse_gaps') }}

),

first_month as (

    select {{ period_number("'month'", 'min(started_on)') }} as first_month
    from gaps

),

-- A month without any occasion still has its month end.
month_ends as (

    select
        periods.period_number as month_number,
        {{ add_days('periods.period_end', -1) }} as month_end
    from periods
    inner join first_month
        on periods.period_number >= first_month.first_month

),

lengths as (

    select distinct length_days
    from gaps
    where length_days is not null

),

completed_in_month as (

    select
        length_days,
        ended_in_month,
        sum(gaps) as gaps
    from gaps
    where length_days is not null
    group by length_days, ended_in_month

),

completed as (

    select
        month_ends.month_end,
        lengths.length_days,
        sum(coalesce(completed_in_month.gaps, 0)) over (
            partition by lengths.length_days
            order by month_ends.month_number nulls first
            rows between unbounded preceding and current row
        ) as completed
    from month_ends
    cross join lengths
    left join completed_in_month
        on
        month_ends.month_number = completed_in_month.ended_in_month
        and lengths.length_days = completed_in_month.length_days

),

start_days as (

    select
        started_on,
        sum(gaps) as started
    from gaps
    group by started_on

),

completed_from_day as (

    select
        started_on,
        ended_in_month,
        sum(gaps) as gaps
    from gaps
    where length_days is not null
    group by started_on, ended_in_month

),

-- As of a month's end a gap is open when it has begun and was not completed by then.
open_gaps as (

    select
        month_ends.month_end,
        start_days.started_on,
        start_days.started - sum(coalesce(completed_from_day.gaps, 0)) over (
            partition by start_days.started_on
            order by month_ends.month_number nulls first
            rows between unbounded preceding and current row
        ) as censored
    from month_ends
    inner join start_days
        on month_ends.month_end >= start_days.started_on
    left join completed_from_day
        on
        month_ends.month_number = completed_from_day.ended_in_month
        and start_days.started_on = completed_from_day.started_on

),

gap_counts as (

    select
        month_end,
        length_days,
        completed,
        0 as censored
    from completed
    where completed > 0

    union all

    select
        month_end,
        {{ days_between('started_on', 'month_end') }} as length_days,
        0 as completed,
        censored
    from open_gaps
    where censored > 0

),

lengths_of_month as (

    select
        month_end,
        length_days,
        sum(completed) as completed,
        sum(censored) as censored
    from gap_counts
    group by month_end, length_days

),

-- Completions before censorings on one day: those censored on it are still at risk.
at_risk as (

    select
        month_end,
        length_days,
        completed,
        censored,
        sum(completed + censored) over (
            partition by month_end
            order by length_days desc nulls last
            rows between unbounded preceding and current row
        ) as at_risk
    from lengths_of_month

),

-- Where all at risk return the product is 0 from there on; ln(0) is never taken.
products as (

    select
        month_end,
        length_days,
        cast(at_risk as bigint) as at_risk,
        cast(completed as bigint) as completed,
        cast(censored as bigint) as censored,
        sum(
            case
                when completed < at_risk
                    then ln(1.0 - cast(completed as double) / nullif(cast(at_risk as double), 0))
                else 0
            end
        ) over month_lengths as log_survival,
        count(case when completed = at_risk then 1 end) over month_lengths as exhausted
    from at_risk
    window
        month_lengths as (
            partition by month_end
            order by length_days nulls first
            rows between unbounded preceding and current row
        )

),

final as (

    select
        month_end,
        length_days,
        at_risk,
        completed,
        censored,
        case when exhausted > 0 then cast(0 as double) else exp(log_survival) end as survival
    from products

)

select * from final
