-- One row per month, quarter or year and reason: the people lost in it (basis any) for whom it was
-- recorded. One person may have several reasons: customers is not additive over reasons,
-- customers_latest is, and with (none), for whom nothing was recorded, adds up to the lost.
{{ config(alias='churn_reasons') }}
with

period_losses as (

    select
        grain,
        period_number,
        person_number,
        lost_on,
        annual_revenue
    from {{ ref('int_period_losses') }}

),

loss_reasons as (

    select
        person_number,
        lost_on,
        reason_code,
        mentions,
        is_said_by_customer,
        is_said_by_employee,
        is_said_by_survey,
        is_latest
    from {{ ref('int_loss_reasons') }}

),

churn_reasons as (

    select
        reason_code,
        reason,
        reason_class,
        is_curable
    from {{ ref('churn_reasons') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain <> 'week'

),

told as (

    select
        period_losses.grain,
        period_losses.period_number,
        coalesce(loss_reasons.reason_code, '(none)') as reason_code,
        count(*) as customers,
        sum(coalesce(loss_reasons.mentions, 0)) as mentions,
        count_if(coalesce(loss_reasons.is_said_by_customer, false)) as said_by_customers,
        count_if(coalesce(loss_reasons.is_said_by_employee, false)) as said_by_employees,
        count_if(coalesce(loss_reasons.is_said_by_survey, false)) as said_by_surveys,
        count_if(coalesce(loss_reasons.is_latest, true)) as customers_latest,
        sum(period_losses.annual_revenue) as annual_revenue_lost,
        sum(
            case
                when coalesce(loss_reasons.is_latest, true) then period_losses.annual_revenue
                else 0
            end
        ) as annual_revenue_latest
    from period_losses
    left join loss_reasons
        on
        period_losses.person_number = loss_reasons.person_number
        and period_losses.lost_on = loss_reasons.lost_on
    group by
        period_losses.grain,
        period_losses.period_number,
        coalesce(loss_reasons.reason_code, '(none)')

),

totals as (

    select
        grain,
        period_number,
        count(*) as lost_customers
    from period_losses
    group by
        grain,
        period_number

),

-- a reason has rows from the first period in which it was given
first_periods as (

    select
        grain,
        reason_code,
        min(period_number) as first_period
    from told
    group by
        grain,
        reason_code

),

final as (

    select
        periods.grain,
        periods.period_start,
        first_periods.reason_code,
        coalesce(
            churn_reasons.reason, nullif(first_periods.reason_code, '(none)'), 'No reason recorded'
        ) as reason,
        coalesce(churn_reasons.reason_class, '(none)') as reason_class,
        churn_reasons.is_curable,
        coalesce(told.customers, 0) as customers,
        cast(coalesce(told.customers_latest, 0) as bigint) as customers_latest,
        cast(coalesce(told.mentions, 0) as bigint) as mentions,
        cast(coalesce(told.said_by_customers, 0) as bigint) as said_by_customers,
        cast(coalesce(told.said_by_employees, 0) as bigint) as said_by_employees,
        cast(coalesce(told.said_by_surveys, 0) as bigint) as said_by_surveys,
        coalesce(totals.lost_customers, 0) as lost_customers,
        case
            when periods.is_complete
                then {{ share('coalesce(told.customers, 0)', 'totals.lost_customers') }}
        end as lost_share,
        cast(coalesce(told.annual_revenue_lost, 0) as decimal(18, 2)) as annual_revenue_lost,
        cast(coalesce(told.annual_revenue_latest, 0) as decimal(18, 2)) as annual_revenue_latest,
        periods.is_complete,
        periods.is_final,
        coalesce(totals.lost_customers, 0) < {{ var('small_cell_size') }} as is_small
    from first_periods
    inner join periods
        on
        first_periods.grain = periods.grain
        and first_periods.first_period <= periods.period_number
    left join told
        on
        first_periods.grain = told.grain
        and first_periods.reason_code = told.reason_code
        and periods.period_number = told.period_number
    left join totals
        on
        periods.grain = totals.grain
        and periods.period_number = totals.period_number
    left join churn_reasons
        on first_periods.reason_code = churn_reasons.reason_code

)

select * from final
