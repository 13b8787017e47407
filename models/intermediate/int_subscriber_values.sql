-- One row per person in paid service at the cutoff: what they pay a month and how much of it is
-- still expected, by the shifted beta-geometric of their group, from the renewals behind them
-- (definitions §5). Payments to come, the running one not among them.
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

paid_stretches as (

    select
        customer_id,
        starts_on,
        ends_on,
        mrr
    from {{ ref('int_paid_stretches') }}

),

service_stretches as (

    select
        customer_id,
        served_from,
        served_to
    from {{ ref('int_service_stretches') }}

),

subscriber_tenures as (

    select
        customer_id,
        tenure_from,
        tenure_to
    from {{ ref('int_subscriber_tenures') }}

),

members as (

    select
        customer_id,
        segment,
        period_months
    from {{ ref('int_renewal_members') }}

),

renewal_values as (

    select
        segment,
        period_months,
        periods,
        payments_52w,
        payments_horizon
    from {{ ref('int_renewal_values') }}

),

margin_rate as (

    select margin_rate
    from {{ ref('int_margin_rate') }}

),

current_mrr as (

    select
        paid_stretches.customer_id,
        sum(paid_stretches.mrr) as mrr
    from paid_stretches
    inner join cutoff
        on
        paid_stretches.starts_on <= cutoff.cutoff_day
        and (paid_stretches.ends_on is null or paid_stretches.ends_on > cutoff.cutoff_day)
    group by paid_stretches.customer_id

),

-- who came back after a loss is as old as the service since, who was paused (E71) as that before:
-- the model was fitted on service up to a loss
tenures as (

    select
        members.customer_id,
        members.segment,
        members.period_months,
        cast(
            floor(
                cast(
                    {{ whole_months('subscriber_tenures.tenure_from', 'cutoff.cutoff_day') }}
                    as double
                )
                / nullif(members.period_months, 0)
            ) as integer
        ) as periods
    from members
    inner join service_stretches
        on members.customer_id = service_stretches.customer_id
    inner join subscriber_tenures
        on members.customer_id = subscriber_tenures.customer_id
    inner join cutoff
        on
        service_stretches.served_from <= cutoff.cutoff_day
        and (
            service_stretches.served_to is null
            or service_stretches.served_to > cutoff.cutoff_day
        )
        and subscriber_tenures.tenure_from <= cutoff.cutoff_day
        and (
            subscriber_tenures.tenure_to is null
            or subscriber_tenures.tenure_to > cutoff.cutoff_day
        )

),

final as (

    select
        tenures.customer_id,
        tenures.segment,
        cast(current_mrr.mrr as decimal(18, 2)) as mrr,
        cast(
            margin_rate.margin_rate * cast(current_mrr.mrr as double) * tenures.period_months
            * renewal_values.payments_52w as decimal(18, 2)
        ) as value_52w,
        cast(
            margin_rate.margin_rate * cast(current_mrr.mrr as double) * tenures.period_months
            * renewal_values.payments_horizon as decimal(18, 2)
        ) as residual_value,
        case
            when renewal_values.segment is null then 'no renewal of this group was seen yet'
        end as reason
    from tenures
    inner join current_mrr
        on tenures.customer_id = current_mrr.customer_id
    cross join margin_rate
    left join renewal_values
        on
        tenures.segment = renewal_values.segment
        and tenures.period_months = renewal_values.period_months
        and tenures.periods = renewal_values.periods

)

select * from final
