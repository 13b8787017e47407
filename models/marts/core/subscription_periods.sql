-- One row per priced stretch [starts_at, ends_at) of one subscription item as known at the cutoff,
-- with its state of service and its MRR (0 unless paid for). Summed over the rows in service at an
-- instant it is the MRR of that instant; not additive over time. What starts after the cutoff is
-- absent (E10), later ends are only planned.
with

stretches as (

    select
        source_name,
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        planned_ends_at,
        starts_on,
        ends_on,
        customer_id,
        plan_id,
        status,
        service_state,
        is_paid,
        quantity,
        unit_amount,
        discount_amount,
        discount_is_recurring,
        billing_interval,
        billing_interval_count,
        currency,
        mrr_native,
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
    from {{ ref('int_subscription_stretches') }}

),

exchange_rates as (

    select
        currency,
        valid_from,
        valid_to,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

-- A source that never delivers a request to cancel cannot show that a term was completed (E87).
request_sources as (

    select
        source_name,
        count(cancel_requested_at) > 0 as delivers_requests
    from stretches
    group by source_name

),

-- A request to cancel stands on one item and ends all that ends with it.
followed as (

    select
        *,
        count(cancel_requested_at) over subscription_ends > 0
        or count(cancel_reason) over subscription_ends > 0 as is_requested,
        lead(starts_at) over item_stretches as next_starts_at,
        lead(service_state) over item_stretches as next_service_state,
        lead(cancel_requested_at) over item_stretches as next_cancel_requested_at
    from stretches
    window
        subscription_ends as (partition by source_name, subscription_id, ends_at),
        item_stretches as (
            partition by source_name, subscription_id, item_id, kind
            order by starts_at nulls first
        )

),

final as (

    select
        prefixes.id_prefix || followed.subscription_id as subscription_id,
        followed.item_id,
        followed.kind,
        followed.source_name,
        followed.customer_id,
        followed.plan_id,
        followed.status,
        followed.service_state,
        case
            when not followed.is_paid or followed.ends_at is null then null
            when followed.next_starts_at = followed.ends_at
                then case followed.next_service_state
                        when 'unpaid' then 'involuntary'
                        when 'paused' then 'pause'
                        when 'free' then 'free_plan'
                        when 'cancelled'
                            then case
                                    when
                                        followed.service_state = 'past_due'
                                        and not followed.is_requested
                                        and followed.next_cancel_requested_at is null
                                        then 'involuntary'
                                    else 'voluntary'
                                end
                        when 'refunded' then 'voluntary'
                        when 'trial' then 'voluntary'
                        else 'change'
                    end
            when followed.replaced_at = followed.ends_at then 'change'
            -- on one day, as cancel and create are two calls
            when {{ local_day('followed.replaced_free_at') }} = followed.ends_on then 'free_plan'
            when followed.service_state = 'past_due' then 'involuntary'
            when followed.is_requested then 'voluntary'
            when followed.is_deleted then 'unstated'
            when request_sources.delivers_requests then 'completed_term'
            else 'unstated'
        end as end_reason,
        followed.cancel_reason,
        followed.replaces_subscription_id,
        followed.billing_interval,
        cast(followed.billing_interval_count as bigint) as billing_interval_count,
        followed.starts_at,
        followed.ends_at,
        followed.planned_ends_at,
        followed.starts_on,
        followed.ends_on,
        followed.cancel_requested_at,
        cast(followed.quantity as decimal(18, 6)) as quantity,
        followed.unit_amount,
        cast(followed.discount_amount as decimal(18, 6)) as discount_amount,
        followed.currency,
        exchange_rates.rate_to_reporting as exchange_rate,
        cast(followed.mrr_native as decimal(18, 6)) as mrr_native,
        case
            when not followed.is_paid then cast(0 as decimal(18, 2))
            -- 19 digits, as 18 would overflow in the product
            else {{ round_money(
                'cast(followed.mrr_native as decimal(19, 6)) * exchange_rates.rate_to_reporting'
            ) }}
        end as mrr,
        followed.is_paid,
        followed.discount_is_recurring,
        followed.is_overlap_trimmed,
        followed.is_gap_bridged,
        followed.is_refunded_start,
        followed.is_deleted,
        followed.is_undated
    from followed
    inner join prefixes
        on followed.source_name = prefixes.source_name
    inner join request_sources
        on followed.source_name = request_sources.source_name
    left join exchange_rates
        on
        followed.currency = exchange_rates.currency
        and followed.starts_on >= exchange_rates.valid_from
        and followed.starts_on < exchange_rates.valid_to

)

select * from final
