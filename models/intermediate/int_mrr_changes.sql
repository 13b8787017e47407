-- One row per person, grain (day, month), period and item whose MRR at the period's close differs
-- from that at its open, with what changed. An item that goes and one of the same name that comes
-- in the period are one change (E64): of one plan first, the rest by plan, then by subscription.
-- Amounts are native; the five parts sum to the change, and are 0 where the currency changed.
with

item_days as (

    select
        customer_id,
        subscription_id,
        item_id,
        kind,
        changed_on,
        changed_at,
        end_reason,
        plan_before,
        plan_after,
        currency_before,
        currency_after,
        quantity_before,
        quantity_after,
        unit_mrr_native_before,
        unit_mrr_native_after,
        discount_mrr_native_before,
        discount_mrr_native_after,
        mrr_native_before,
        mrr_native_after
    from {{ ref('int_mrr_item_days') }}

),

months as (

    select
        *,
        {{ period_number("'month'", 'changed_on') }} as month_number
    from item_days

),

placed_in_months as (

    select
        *,
        row_number() over (
            partition by customer_id, subscription_id, item_id, kind, month_number
            order by changed_on asc nulls first
        ) as place,
        row_number() over (
            partition by customer_id, subscription_id, item_id, kind, month_number
            order by changed_on desc nulls last
        ) as place_from_last
    from months

),

-- The state at open is what stood before the first change, that at close what stands after the
-- last.
month_changes as (

    select
        customer_id,
        subscription_id,
        item_id,
        kind,
        month_number,
        max(case when place_from_last = 1 then changed_at end) as changed_at,
        max(case when place_from_last = 1 then end_reason end) as end_reason,
        max(case when place = 1 then plan_before end) as plan_before,
        max(case when place_from_last = 1 then plan_after end) as plan_after,
        max(case when place = 1 then currency_before end) as currency_before,
        max(case when place_from_last = 1 then currency_after end) as currency_after,
        max(case when place = 1 then quantity_before end) as quantity_before,
        max(case when place_from_last = 1 then quantity_after end) as quantity_after,
        max(case when place = 1 then unit_mrr_native_before end) as unit_mrr_native_before,
        max(case when place_from_last = 1 then unit_mrr_native_after end) as unit_mrr_native_after,
        max(case when place = 1 then discount_mrr_native_before end) as discount_mrr_native_before,
        max(case when place_from_last = 1 then discount_mrr_native_after end)
            as discount_mrr_native_after,
        max(case when place = 1 then mrr_native_before end) as mrr_native_before,
        max(case when place_from_last = 1 then mrr_native_after end) as mrr_native_after
    from placed_in_months
    group by
        customer_id,
        subscription_id,
        item_id,
        kind,
        month_number

),

period_changes as (

    select
        'day' as grain,
        changed_on as period_start,
        customer_id,
        subscription_id,
        item_id,
        kind,
        changed_at,
        end_reason,
        plan_before,
        plan_after,
        currency_before,
        currency_after,
        quantity_before,
        quantity_after,
        unit_mrr_native_before,
        unit_mrr_native_after,
        discount_mrr_native_before,
        discount_mrr_native_after,
        mrr_native_before,
        mrr_native_after
    from item_days

    union all

    select
        'month' as grain,
        {{ period_first_day("'month'", 'month_number') }} as period_start,
        customer_id,
        subscription_id,
        item_id,
        kind,
        changed_at,
        end_reason,
        plan_before,
        plan_after,
        currency_before,
        currency_after,
        quantity_before,
        quantity_after,
        unit_mrr_native_before,
        unit_mrr_native_after,
        discount_mrr_native_before,
        discount_mrr_native_after,
        mrr_native_before,
        mrr_native_after
    from month_changes

),

turned as (

    select
        *,
        coalesce(plan_after, plan_before) as plan_id,
        case
            when mrr_native_before is null then 'came'
            when mrr_native_after is null then 'went'
            else 'stayed'
        end as turn
    from period_changes
    where
        mrr_native_before is distinct from mrr_native_after
        or currency_before is distinct from currency_after

),

-- What goes and comes of one plan has moved to another subscription; it is no change of plan.
placed_in_plan as (

    select
        *,
        case when turn = 'stayed' then subscription_id end as stayed_subscription_id,
        row_number() over (
            partition by grain, period_start, customer_id, item_id, kind, plan_id, turn
            order by subscription_id asc nulls first
        ) as plan_place,
        sum(case when turn = 'came' then 1 else 0 end) over plans as came_in_plan,
        sum(case when turn = 'went' then 1 else 0 end) over plans as went_of_plan
    from turned
    window
        plans as (partition by grain, period_start, customer_id, item_id, kind, plan_id)

),

placed as (

    select
        *,
        plan_place <= came_in_plan and plan_place <= went_of_plan as is_same_plan,
        row_number() over (
            partition by
                grain, period_start, customer_id, item_id, kind, turn,
                plan_place <= came_in_plan and plan_place <= went_of_plan
            order by plan_id asc nulls first, subscription_id asc nulls first
        ) as place
    from placed_in_plan

),

-- Of a pair, one row holds what was and the other what is.
paired as (

    select
        grain,
        period_start,
        customer_id,
        item_id,
        kind,
        max(case when turn != 'came' then subscription_id end) as subscription_before,
        max(case when turn != 'went' then subscription_id end) as subscription_after,
        coalesce(
            max(case when turn != 'went' then changed_at end),
            max(changed_at)
        ) as changed_at,
        max(end_reason) as end_reason,
        max(plan_before) as plan_before,
        max(plan_after) as plan_after,
        max(currency_before) as currency_before,
        max(currency_after) as currency_after,
        max(quantity_before) as quantity_before,
        max(quantity_after) as quantity_after,
        max(unit_mrr_native_before) as unit_mrr_native_before,
        max(unit_mrr_native_after) as unit_mrr_native_after,
        max(discount_mrr_native_before) as discount_mrr_native_before,
        max(discount_mrr_native_after) as discount_mrr_native_after,
        coalesce(max(mrr_native_before), 0) as mrr_native_before,
        coalesce(max(mrr_native_after), 0) as mrr_native_after
    from placed
    group by
        grain,
        period_start,
        customer_id,
        item_id,
        kind,
        stayed_subscription_id,
        is_same_plan,
        place

),

compared as (

    select
        *,
        mrr_native_after - mrr_native_before as mrr_native_change,
        coalesce(currency_before != currency_after, false) as is_currency_change,
        case
            when mrr_native_before = 0 or mrr_native_after = 0 then 'add_on'
            when plan_before != plan_after then 'plan'
            when currency_before != currency_after then 'price'
        end as whole_type,
        unit_mrr_native_before != unit_mrr_native_after as is_price_change,
        quantity_before != quantity_after as is_quantity_change,
        cast(round(
            cast(quantity_after - quantity_before as decimal(19, 6)) * unit_mrr_native_before, 6
        ) as decimal(18, 6)) as quantity_effect,
        discount_mrr_native_before - discount_mrr_native_after as discount_effect
    from paired
    where
        mrr_native_before != mrr_native_after
        or currency_before != currency_after

),

-- Seats at the old price, the discount as it is, and the price takes the rest.
parted as (

    select
        *,
        case
            when whole_type is not null then 0
            when is_price_change then mrr_native_change - quantity_effect - discount_effect
            else 0
        end as price_part,
        case
            when whole_type is not null or not is_quantity_change then 0
            when is_price_change then quantity_effect
            else mrr_native_change - discount_effect
        end as quantity_part,
        case
            when whole_type is not null then 0
            when is_price_change or is_quantity_change then discount_effect
            else mrr_native_change
        end as discount_part,
        case when whole_type = 'plan' and not is_currency_change then mrr_native_change else 0 end
            as plan_part,
        case when whole_type = 'add_on' then mrr_native_change else 0 end as add_on_part
    from compared

),

final as (

    select
        grain,
        period_start,
        customer_id,
        subscription_before,
        subscription_after,
        item_id,
        kind,
        changed_at,
        end_reason,
        plan_before,
        plan_after,
        currency_before,
        currency_after,
        is_currency_change,
        cast(mrr_native_before as decimal(18, 6)) as mrr_native_before,
        cast(mrr_native_after as decimal(18, 6)) as mrr_native_after,
        case
            when whole_type is not null then whole_type
            when
                abs(price_part) >= abs(quantity_part) and abs(price_part) >= abs(discount_part)
                then 'price'
            when abs(quantity_part) >= abs(discount_part) then 'quantity'
            else 'discount'
        end as sub_type,
        cast(price_part as decimal(18, 6)) as price_native,
        cast(quantity_part as decimal(18, 6)) as quantity_native,
        cast(plan_part as decimal(18, 6)) as plan_native,
        cast(add_on_part as decimal(18, 6)) as add_on_native,
        cast(discount_part as decimal(18, 6)) as discount_native
    from parted

)

select * from final
