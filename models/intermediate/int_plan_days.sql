-- One row per subscriber and day on which service changes: the plan with the largest MRR in service
-- at the end of that day, by name where two are equal. While everything is paused, the paused plan
-- stays; with nothing in service the plan is null.
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

subscription_periods as (

    select
        customer_id,
        plan_id,
        starts_on,
        ends_on,
        is_paid,
        mrr
    from {{ ref('subscription_periods') }}
    where
        (is_paid or service_state = 'paused')
        and (ends_on is null or starts_on < ends_on)

),

change_days as (

    select
        subscription_periods.customer_id,
        subscription_periods.starts_on as changed_on
    from subscription_periods
    cross join cutoff
    where subscription_periods.starts_on <= cutoff.cutoff_day

    union distinct

    select
        subscription_periods.customer_id,
        subscription_periods.ends_on as changed_on
    from subscription_periods
    cross join cutoff
    where subscription_periods.ends_on <= cutoff.cutoff_day

),

plans_in_service as (

    select
        change_days.customer_id,
        change_days.changed_on,
        subscription_periods.plan_id,
        bool_or(subscription_periods.is_paid) as is_paid,
        sum(subscription_periods.mrr) as mrr
    from change_days
    inner join subscription_periods
        on
        change_days.customer_id = subscription_periods.customer_id
        and change_days.changed_on >= subscription_periods.starts_on
        and (
            subscription_periods.ends_on is null
            or change_days.changed_on < subscription_periods.ends_on
        )
    group by
        change_days.customer_id,
        change_days.changed_on,
        subscription_periods.plan_id

),

largest_plans as (

    select
        customer_id,
        changed_on,
        plan_id
    from plans_in_service
    qualify
        row_number() over (
            partition by customer_id, changed_on
            order by is_paid desc nulls last, mrr desc nulls last, plan_id asc nulls first
        ) = 1

),

final as (

    select
        change_days.customer_id,
        change_days.changed_on,
        largest_plans.plan_id
    from change_days
    left join largest_plans
        on
        change_days.customer_id = largest_plans.customer_id
        and change_days.changed_on = largest_plans.changed_on

)

select * from final
