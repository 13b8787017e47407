-- One row per delivered stretch of one item and kind that is known at the cutoff, on its person,
-- with the MRR it would carry in service; no overlaps, short gaps closed. What starts at or after
-- the cutoff is unknown (E10); later ends are plans, later requests unknown. Test accounts are left
-- out (E25). Payments and days of grace come in int_subscription_stretches.
with

cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

delivered as (

    select
        source_name,
        subscription_id,
        coalesce(item_id, 'main') as item_id,
        starts_at,
        coalesce(kind, 'recurring') as kind,
        ends_at,
        customer_id as source_customer_id,
        plan_id,
        status,
        coalesce(quantity, 1) as quantity,
        unit_amount,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(discount_is_recurring, true) as discount_is_recurring,
        billing_interval,
        coalesce(billing_interval_count, 1) as billing_interval_count,
        coalesce(currency, '{{ var("reporting_currency") }}') as currency,
        cancel_requested_at,
        -- cancelled without a stated end: what is known is service until the request
        case
            when ends_at is not null then ends_at
            when status = 'cancelled' and cancel_requested_at > starts_at then cancel_requested_at
        end as served_until,
        cancel_reason,
        replaces_subscription_id,
        gone_at
    from {{ ref('int_subscription_periods_delivered') }}

),

known as (

    select
        delivered.source_name,
        delivered.subscription_id,
        delivered.item_id,
        delivered.kind,
        delivered.starts_at,
        delivered.plan_id,
        -- the request that made it cancelled is not known yet
        case
            when
                delivered.status = 'cancelled'
                and delivered.cancel_requested_at >= cutoff.data_cutoff
                then 'active'
            else delivered.status
        end as status,
        delivered.quantity,
        delivered.unit_amount,
        delivered.discount_amount,
        delivered.discount_is_recurring,
        delivered.billing_interval,
        delivered.billing_interval_count,
        delivered.currency,
        case
            when
                delivered.cancel_requested_at is null
                or delivered.cancel_requested_at < cutoff.data_cutoff
                then delivered.cancel_reason
        end as cancel_reason,
        delivered.replaces_subscription_id,
        identities.customer_id,
        cutoff.data_cutoff,
        delivered.cancel_requested_at as delivered_request_at,
        delivered.ends_at as delivered_ends_at,
        -- E82: what is gone was served until then at most
        case
            when
                delivered.gone_at < cutoff.data_cutoff
                and (delivered.served_until is null or delivered.gone_at < delivered.served_until)
                then delivered.gone_at
            when delivered.served_until < cutoff.data_cutoff then delivered.served_until
        end as ends_at,
        coalesce(delivered.gone_at < cutoff.data_cutoff, false) as is_deleted,
        case
            when delivered.cancel_requested_at < cutoff.data_cutoff
                then delivered.cancel_requested_at
        end as cancel_requested_at,
        lead(delivered.starts_at) over (
            partition by
                delivered.source_name, delivered.subscription_id, delivered.item_id, delivered.kind
            order by delivered.starts_at nulls first
        ) as next_starts_at,
        count(*) over (
            partition by
                delivered.source_name, delivered.subscription_id, delivered.item_id, delivered.kind
        ) = 1 as is_only_stretch
    from delivered
    inner join cutoff on delivered.starts_at < cutoff.data_cutoff
    inner join identities
        on
        delivered.source_name = identities.source_name
        and delivered.source_customer_id = identities.source_customer_id
    where
        delivered.gone_at is null
        or delivered.gone_at >= cutoff.data_cutoff
        or delivered.gone_at > delivered.starts_at

),

-- A status is derived from dates where they exist (definitions §1): a request to cancel that the
-- row itself dates after its start shows that the status is a later word on it, whatever follows,
-- and service runs to the stated end, or to the request where none is stated (E04, E05, E63, E86).
-- The micros are integers (24 digits, as 18 would overflow): no amount passes through a double.
dated as (

    select
        *,
        case
            when status = 'cancelled' and delivered_request_at > starts_at then 'active'
            when
                status = 'cancelled'
                and delivered_ends_at is not null
                and (
                    is_only_stretch
                    or (delivered_request_at = starts_at and next_starts_at is null)
                )
                then 'active'
            else status
        end as known_status,
        kind = 'recurring'
        {% if var('usage_in_mrr') %}or kind = 'usage'{% endif %} as is_recurring_kind,
        greatest(
            cast(cast(unit_amount as decimal(24, 6)) * 1000000 as decimal(38, 0))
            * cast(cast(quantity as decimal(24, 6)) * 1000000 as decimal(38, 0))
            - case
                when discount_is_recurring
                    then
                        cast(cast(discount_amount as decimal(24, 6)) * 1000000 as decimal(38, 0))
                        * 1000000
                else 0
            end,
            0
        ) as net_micro_micros,
        case billing_interval
            when 'day' then 365
            when 'week' then 52
            when 'month' then 12
            when 'quarter' then 4
            when 'year' then 1
        end as intervals_per_year
    from known

),

-- Months in an interval = 12 x count / intervals per year (E75, E76); rounded half up at 6
-- decimals.
priced as (

    select
        *,
        cast(
            cast({{ integer_quotient(
                '2 * net_micro_micros * intervals_per_year'
                ~ ' + 12 * billing_interval_count * 1000000',
                '2 * 12 * billing_interval_count * 1000000'
            ) }} as decimal(24, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6)
        ) as mrr_in_service
    from dated

),

-- Later starts_at wins: the earlier version of an item ends there (E83).
trimmed as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        customer_id,
        plan_id,
        status,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        cancel_requested_at,
        cancel_reason,
        replaces_subscription_id,
        mrr_in_service,
        case when next_starts_at < ends_at or ends_at is null then next_starts_at else ends_at end
            as ends_at,
        case
            when delivered_ends_at >= data_cutoff and next_starts_at is null and not is_deleted
                then delivered_ends_at
        end as planned_ends_at,
        next_starts_at is not null and (next_starts_at < ends_at or ends_at is null)
            as is_overlap_trimmed,
        is_deleted,
        status = 'cancelled' and delivered_request_at is null as is_undated,
        case
            when not is_recurring_kind then 'not_recurring'
            when known_status in ('trial', 'paused', 'unpaid', 'cancelled') then known_status
            when mrr_in_service = 0 then 'free'
            when known_status = 'past_due' then 'past_due'
            else 'paid'
        end as delivered_state
    from priced

),

subscriptions as (

    select distinct
        source_name,
        subscription_id,
        customer_id
    from trimmed

),

-- A subscription may replace several, each from the first stretch that names it.
namings as (

    select
        source_name,
        subscription_id,
        customer_id,
        replaces_subscription_id,
        min(starts_at) as named_at
    from trimmed
    where replaces_subscription_id is not null
    group by source_name, subscription_id, customer_id, replaces_subscription_id

),

-- What it replaces was in service until its own service begins; a free plan in its place ends it
-- (E73).
successors as (

    select
        namings.source_name,
        namings.subscription_id,
        namings.customer_id,
        namings.replaces_subscription_id,
        min(
            case
                when trimmed.delivered_state in ('paid', 'past_due') then trimmed.starts_at
            end
        ) as serves_from,
        min(case when trimmed.delivered_state = 'free' then trimmed.starts_at end) as free_from
    from namings
    inner join trimmed
        on
        namings.source_name = trimmed.source_name
        and namings.subscription_id = trimmed.subscription_id
        and namings.customer_id = trimmed.customer_id
        and namings.named_at <= trimmed.starts_at
    group by
        namings.source_name,
        namings.subscription_id,
        namings.customer_id,
        namings.replaces_subscription_id

),

-- A replaced subscription may be named bare or as source:id.
subscription_names as (

    select
        source_name,
        subscription_id,
        customer_id,
        subscription_id as subscription_name
    from subscriptions

    union all

    select
        source_name,
        subscription_id,
        customer_id,
        source_name || ':' || subscription_id as subscription_name
    from subscriptions

),

-- One in the same source first, else one of the same person in another source (E22: a migration
-- between systems).
replacements as (

    select
        subscription_names.source_name,
        subscription_names.subscription_id,
        successors.serves_from as replaced_at,
        successors.free_from as replaced_free_at,
        rank() over (
            partition by
                successors.source_name,
                successors.subscription_id,
                successors.replaces_subscription_id
            order by
                case
                    when successors.source_name = subscription_names.source_name then 0 else 1
                end nulls first
        ) as closeness
    from successors
    inner join subscription_names
        on successors.replaces_subscription_id = subscription_names.subscription_name
    where
        (
            successors.source_name != subscription_names.source_name
            or successors.subscription_id != subscription_names.subscription_id
        )
        and (
            successors.source_name = subscription_names.source_name
            or successors.customer_id = subscription_names.customer_id
        )

),

replaced_subscriptions as (

    select
        source_name,
        subscription_id,
        min(replaced_at) as replaced_at,
        min(replaced_free_at) as replaced_free_at
    from replacements
    where closeness = 1
    group by source_name, subscription_id

),

following as (

    select
        trimmed.*,
        replaced_subscriptions.replaced_at,
        replaced_subscriptions.replaced_free_at,
        min(
            case
                when trimmed.delivered_state in ('paid', 'past_due', 'paused')
                    then trimmed.starts_at
            end
        ) over later_stretches as next_held_at,
        min(case when trimmed.delivered_state in ('trial', 'free') then trimmed.starts_at end)
            over later_stretches as next_unpaid_at
    from trimmed
    left join replaced_subscriptions
        on
        trimmed.source_name = replaced_subscriptions.source_name
        and trimmed.subscription_id = replaced_subscriptions.subscription_id
    window
        later_stretches as (
            partition by trimmed.source_name, trimmed.subscription_id, trimmed.item_id, trimmed.kind
            order by trimmed.starts_at nulls first
            rows between 1 following and unbounded following
        )

),

-- What a service or a pause goes on with: the service or pause of the item that comes next, or, of
-- a service, the subscription that replaces this one, if sooner.
continuing as (

    select
        *,
        case
            when delivered_state = 'paused' then next_held_at
            when delivered_state not in ('paid', 'past_due') then null
            when
                replaced_at > starts_at
                and (next_held_at is null or replaced_at < next_held_at)
                then replaced_at
            else next_held_at
        end as continues_at
    from following

),

-- The gap is closed here and nowhere else: the earlier stretch runs on to the later one's start
-- (E22, E62, E64, E71). A trial or a free stretch in between is no gap. A switch within one day is
-- always continuous.
bridged as (

    select
        *,
        ends_at < continues_at
        and (next_unpaid_at is null or next_unpaid_at >= continues_at)
        and {{ days_between(local_day('ends_at'), local_day('continues_at')) }}
        <= {{ var('gap_tolerance_days') }} as is_bridged
    from continuing

),

extended as (

    select
        *,
        case
            when is_bridged or continues_at < ends_at or ends_at is null
                then coalesce(continues_at, ends_at)
            else ends_at
        end as service_ends_at,
        max(case when is_bridged then continues_at end) over (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from bridged

),

-- What a closed gap covers (a cancelled or unpaid stretch of few days) gives way to the service.
final as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        case when covered_until > starts_at then covered_until else starts_at end as starts_at,
        service_ends_at as ends_at,
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
        is_overlap_trimmed or coalesce(continues_at < ends_at, false)
        or (ends_at is null and continues_at is not null) as is_overlap_trimmed,
        coalesce(is_bridged, false) as is_gap_bridged,
        is_deleted,
        is_undated
    from extended
    where covered_until is null or service_ends_at is null or service_ends_at > covered_until

)

select * from final
