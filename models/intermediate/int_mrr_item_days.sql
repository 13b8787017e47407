-- One row per person, item and local day on which what they pay for it begins, changes or ends:
-- what stood at the end of the day before, and what stands at the end of this one (null: nothing).
-- Moves within a day net out (E58).
with

stretches as (

    select
        customer_id,
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        starts_on,
        ends_on,
        end_reason,
        plan_id,
        currency,
        quantity,
        unit_mrr_native,
        discount_mrr_native,
        mrr_native
    from {{ ref('int_paid_stretches') }}

),

neighbours as (

    select
        *,
        lead(starts_on) over item_stretches as next_starts_on,
        lag(ends_on) over item_stretches as previous_ends_on,
        lag(plan_id) over item_stretches as previous_plan_id,
        lag(currency) over item_stretches as previous_currency,
        lag(quantity) over item_stretches as previous_quantity,
        lag(unit_mrr_native) over item_stretches as previous_unit_mrr_native,
        lag(discount_mrr_native) over item_stretches as previous_discount_mrr_native,
        lag(mrr_native) over item_stretches as previous_mrr_native
    from stretches
    window
        item_stretches as (
            partition by customer_id, subscription_id, item_id, kind
            order by starts_on nulls first
        )

),

starts as (

    select
        *,
        coalesce(previous_ends_on = starts_on, false) as is_change
    from neighbours

),

final as (

    select
        customer_id,
        subscription_id,
        item_id,
        kind,
        starts_on as changed_on,
        starts_at as changed_at,
        cast(null as varchar) as end_reason,
        case when is_change then previous_plan_id end as plan_before,
        plan_id as plan_after,
        case when is_change then previous_currency end as currency_before,
        currency as currency_after,
        case when is_change then previous_quantity end as quantity_before,
        quantity as quantity_after,
        case when is_change then previous_unit_mrr_native end as unit_mrr_native_before,
        unit_mrr_native as unit_mrr_native_after,
        case when is_change then previous_discount_mrr_native end as discount_mrr_native_before,
        discount_mrr_native as discount_mrr_native_after,
        case when is_change then previous_mrr_native end as mrr_native_before,
        mrr_native as mrr_native_after
    from starts

    union all

    select
        customer_id,
        subscription_id,
        item_id,
        kind,
        ends_on as changed_on,
        ends_at as changed_at,
        end_reason,
        plan_id as plan_before,
        cast(null as varchar) as plan_after,
        currency as currency_before,
        cast(null as varchar) as currency_after,
        quantity as quantity_before,
        cast(null as decimal(18, 6)) as quantity_after,
        unit_mrr_native as unit_mrr_native_before,
        cast(null as decimal(18, 6)) as unit_mrr_native_after,
        discount_mrr_native as discount_mrr_native_before,
        cast(null as decimal(18, 6)) as discount_mrr_native_after,
        mrr_native as mrr_native_before,
        cast(null as decimal(18, 6)) as mrr_native_after
    from starts
    where ends_on is not null and (next_starts_on is null or next_starts_on != ends_on)

)

select * from final
