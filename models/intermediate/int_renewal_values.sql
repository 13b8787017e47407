-- One row per group of subscribers and renewals behind them: how many payments are still expected
-- of who is a subscriber then, within 12 months and within value_horizon_years, discounted
-- (definitions §5, shifted beta-geometric).
{% set horizon_months = 12 * var('value_horizon_years') %}
with

parameters as (

    select
        segment,
        max(case when parameter = 'alpha' then estimate end) as alpha,
        max(case when parameter = 'beta' then estimate end) as beta,
        max(case when parameter = 'churn' then estimate end) as churn
    from {{ ref('int_value_parameters') }}
    where model in ('sbg', 'constant_hazard')
    group by segment

),

members as (

    select
        segment,
        period_months,
        max(periods_seen) as most_periods
    from {{ ref('int_renewal_members') }}
    group by
        segment,
        period_months

),

renewals as (

    select
        members.segment,
        members.period_months,
        members.most_periods,
        cast(renewals.renewal as integer) as period,
        case
            when renewals.renewal = 0 then 0
            when parameters.alpha is not null
                then ln(parameters.beta + renewals.renewal - 1)
                    - ln(parameters.alpha + parameters.beta + renewals.renewal - 1)
            -- all gone at the first renewal: as good as none left
            else ln(greatest(1 - parameters.churn, 1e-9))
        end as log_kept
    from members
    inner join parameters
        on members.segment = parameters.segment
    inner join range(0, 1201) as renewals (renewal)
        on
        renewals.renewal
        <= members.most_periods
        + floor(
            cast({{ horizon_months }} as double) / nullif(members.period_months, 0)
        )
    where coalesce(parameters.alpha, parameters.churn) is not null

),

survival as (

    select
        segment,
        period_months,
        most_periods,
        period,
        sum(log_kept) over (
            partition by segment
            order by period nulls first
            rows between unbounded preceding and current row
        ) as log_survival
    from renewals

),

ahead as (

    select
        standing.segment,
        standing.period_months,
        standing.period as periods,
        (later.period - standing.period) * standing.period_months as months_ahead,
        exp(later.log_survival - standing.log_survival)
        * power(
            1 + cast({{ var('discount_rate') }} as double),
            -cast((later.period - standing.period) * standing.period_months as double) / 12
        ) as payment
    from survival as standing
    inner join survival as later
        on
        standing.segment = later.segment
        and standing.period < later.period
    where standing.period <= standing.most_periods

),

final as (

    select
        segment,
        period_months,
        periods,
        coalesce(sum(case when months_ahead <= 12 then payment end), 0) as payments_52w,
        coalesce(sum(case when months_ahead <= {{ horizon_months }} then payment end), 0)
            as payments_horizon
    from ahead
    group by
        segment,
        period_months,
        periods

)

select * from final
