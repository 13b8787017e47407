-- One row per priced stretch as it counts: a known stretch, cut where it stops or starts being paid
-- for, with its state of service and its MRR in its own currency (0 unless it is paid for).
-- Stretches of one item and kind never overlap. MRR adds over items and persons at an instant,
-- never over stretches in time.
with

periods as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        planned_ends_at,
        customer_id,
        plan_id,
        status,
        delivered_state,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        mrr_in_service,
        cancel_requested_at,
        cancel_reason,
        replaces_subscription_id,
        replaced_at,
        replaced_free_at,
        is_overlap_trimmed,
        is_gap_bridged,
        is_deleted,
        is_undated
    from {{ ref('int_subscription_periods_known') }}

),

windows as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        unpaid_from,
        unpaid_until
    from {{ ref('int_subscription_unpaid_windows') }}

),

refunded_starts as (

    select
        source_name,
        subscription_id
    from {{ ref('int_subscription_refunded_starts') }}

),

served_windows as (

    select
        periods.source_name,
        periods.subscription_id,
        periods.item_id,
        periods.kind,
        periods.starts_at,
        periods.ends_at,
        windows.unpaid_from,
        windows.unpaid_until
    from periods
    inner join windows
        on
        periods.source_name = windows.source_name
        and periods.subscription_id = windows.subscription_id
        and (windows.item_id is null or periods.item_id = windows.item_id)
        and (windows.kind is null or periods.kind = windows.kind)
    where
        periods.delivered_state in ('paid', 'past_due')
        and (periods.ends_at is null or windows.unpaid_from < periods.ends_at)
        and (windows.unpaid_until is null or windows.unpaid_until > periods.starts_at)

),

cuts as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        starts_at as cut_at
    from periods

    union distinct

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        unpaid_from as cut_at
    from served_windows
    where unpaid_from > starts_at

    union distinct

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        unpaid_until as cut_at
    from served_windows
    where unpaid_until < ends_at or (unpaid_until is not null and ends_at is null)

),

pieces as (

    select
        cuts.source_name,
        cuts.subscription_id,
        cuts.item_id,
        cuts.kind,
        cuts.starts_at,
        cuts.cut_at,
        count(served_windows.unpaid_from) > 0 as is_unpaid
    from cuts
    left join served_windows
        on
        cuts.source_name = served_windows.source_name
        and cuts.subscription_id = served_windows.subscription_id
        and cuts.item_id = served_windows.item_id
        and cuts.kind = served_windows.kind
        and cuts.starts_at = served_windows.starts_at
        and cuts.cut_at >= served_windows.unpaid_from
        and (served_windows.unpaid_until is null or cuts.cut_at < served_windows.unpaid_until)
    group by
        cuts.source_name,
        cuts.subscription_id,
        cuts.item_id,
        cuts.kind,
        cuts.starts_at,
        cuts.cut_at

),

-- Windows that overlap leave cuts at which nothing changes.
changes as (

    select
        *,
        lag(is_unpaid) over (
            partition by source_name, subscription_id, item_id, kind, starts_at
            order by cut_at nulls first
        ) as was_unpaid
    from pieces

),

stretches as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        cut_at,
        is_unpaid,
        lead(cut_at) over (
            partition by source_name, subscription_id, item_id, kind, starts_at
            order by cut_at nulls first
        ) as next_cut_at
    from changes
    where was_unpaid is null or was_unpaid != is_unpaid

),

stated as (

    select
        periods.source_name,
        periods.subscription_id,
        periods.item_id,
        periods.kind,
        stretches.cut_at as starts_at,
        coalesce(stretches.next_cut_at, periods.ends_at) as ends_at,
        case when stretches.next_cut_at is null then periods.planned_ends_at end as planned_ends_at,
        periods.customer_id,
        periods.plan_id,
        periods.status,
        case
            when
                refunded_starts.subscription_id is not null
                and periods.delivered_state in ('paid', 'past_due')
                then 'refunded'
            when stretches.is_unpaid then 'unpaid'
            else periods.delivered_state
        end as service_state,
        periods.quantity,
        periods.unit_amount,
        periods.discount_amount,
        periods.discount_is_recurring,
        periods.billing_interval,
        periods.billing_interval_count,
        periods.currency,
        periods.mrr_in_service,
        periods.cancel_requested_at,
        periods.cancel_reason,
        periods.replaces_subscription_id,
        periods.replaced_at,
        periods.replaced_free_at,
        stretches.next_cut_at is null and periods.is_overlap_trimmed as is_overlap_trimmed,
        stretches.next_cut_at is null and periods.is_gap_bridged as is_gap_bridged,
        refunded_starts.subscription_id is not null as is_refunded_start,
        periods.is_deleted,
        periods.is_undated
    from stretches
    inner join periods
        on
        stretches.source_name = periods.source_name
        and stretches.subscription_id = periods.subscription_id
        and stretches.item_id = periods.item_id
        and stretches.kind = periods.kind
        and stretches.starts_at = periods.starts_at
    left join refunded_starts
        on
        periods.source_name = refunded_starts.source_name
        and periods.subscription_id = refunded_starts.subscription_id

),

final as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        planned_ends_at,
        {{ local_day('starts_at') }} as starts_on,
        {{ local_day('ends_at') }} as ends_on,
        customer_id,
        plan_id,
        status,
        service_state,
        service_state in ('paid', 'past_due') as is_paid,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        case when service_state in ('paid', 'past_due') then mrr_in_service else 0 end
            as mrr_native,
        cancel_requested_at,
        cancel_reason,
        replaces_subscription_id,
        replaced_at,
        replaced_free_at,
        is_overlap_trimmed,
        is_gap_bridged,
        is_refunded_start,
        is_deleted,
        is_undated
    from stated

)

select * from final
