-- One row per stretch of paid service with the same price, in whole local days: in service on the
-- days from starts_on to the day before ends_on. Stretches that begin and end on one day are not
-- there: at the end of every day they are off.
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

subscription_periods as (

    select
        subscription_id,
        item_id,
        kind,
        customer_id,
        plan_id,
        starts_at,
        ends_at,
        starts_on,
        ends_on,
        end_reason,
        quantity,
        unit_amount,
        case when discount_is_recurring then discount_amount else 0 end as discount_amount,
        billing_interval,
        billing_interval_count,
        currency,
        mrr_native,
        mrr
    from {{ ref('subscription_periods') }}
    where is_paid

),

-- E58: what was bought and given up within the day says how the day ended.
day_ends as (

    select
        *,
        first_value(end_reason) over item_day as last_end_reason,
        first_value(ends_at) over item_day as last_ends_at,
        first_value(end_reason) over person_day as person_end_reason
    from subscription_periods
    window
        item_day as (
            partition by customer_id, subscription_id, item_id, kind, ends_on
            order by starts_at desc nulls last
        ),
        person_day as (
            partition by customer_id, ends_on
            order by
                case when end_reason = 'change' then 1 else 0 end asc nulls last,
                starts_at desc nulls last,
                subscription_id asc nulls first,
                item_id asc nulls first,
                kind asc nulls first
        )

),

final as (

    select
        day_ends.subscription_id,
        day_ends.item_id,
        day_ends.kind,
        day_ends.customer_id,
        day_ends.plan_id,
        day_ends.starts_at,
        day_ends.starts_on,
        case
            when day_ends.ends_on <= cutoff.cutoff_day then day_ends.last_ends_at
        end as ends_at,
        case
            when day_ends.ends_on <= cutoff.cutoff_day then day_ends.ends_on
        end as ends_on,
        case
            when day_ends.last_end_reason = 'change' then day_ends.person_end_reason
            else day_ends.last_end_reason
        end as end_reason,
        day_ends.quantity,
        {{ monthly_amount(
            'day_ends.unit_amount',
            'day_ends.billing_interval',
            'day_ends.billing_interval_count'
        ) }} as unit_mrr_native,
        {{ monthly_amount(
            'day_ends.discount_amount',
            'day_ends.billing_interval',
            'day_ends.billing_interval_count'
        ) }} as discount_mrr_native,
        day_ends.currency,
        day_ends.mrr_native,
        day_ends.mrr
    from day_ends
    cross join cutoff
    where
        day_ends.starts_on <= cutoff.cutoff_day
        and (
            day_ends.ends_on is null
            or day_ends.starts_on < day_ends.ends_on
        )

)

select * from final
