-- One row per person and stretch [valid_from, valid_to) of local days in which what counts for the
-- loyalty tier stays the same: net revenue known then, or points earned, of the tier_window_days
-- that end with each day (definitions §6). From the first order that counted, or the first points.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

stretches as (

    select
        customer_id,
        order_id,
        counts_from,
        {{ add_days('ordered_on', var('tier_window_days')) }} as window_end,
        counts_to,
        net_amount
    from {{ ref('int_order_stretches') }}

),

refunds as (

    select
        stretches.customer_id,
        greatest(refunds.refunded_on, stretches.counts_from) as counts_from,
        stretches.window_end,
        stretches.counts_to,
        -refunds.net_refund as net_amount
    from {{ ref('refunds') }} as refunds
    inner join stretches
        on refunds.order_id = stretches.order_id
    where refunds.is_counted and not refunds.is_orphan

),

spend as (

    select
        customer_id,
        counts_from,
        least(window_end, coalesce(counts_to, window_end)) as counts_to,
        net_amount as amount
    from stretches

    union all

    select
        customer_id,
        counts_from,
        least(window_end, coalesce(counts_to, window_end)) as counts_to,
        net_amount as amount
    from refunds

),

loyalty_events as (

    select
        customer_id,
        occurred_on as counts_from,
        {{ add_days('occurred_on', var('tier_window_days')) }} as counts_to,
        cast(points as decimal(18, 2)) as amount
    from {{ ref('int_loyalty_known') }}
    -- what was earned less what was taken back of it; below 0 without an action may be a redemption
    where
        (points > 0 or action is not null)
        and coalesce(action, '(none)') not in ('redeem', 'expire')

),

changes as (

    -- whoever has bought has a tier, by points too
    select
        customer_id,
        counts_from as changed_on,
        cast(0 as decimal(18, 2)) as amount
    from stretches

    union all

    select
        customer_id,
        counts_from as changed_on,
        amount
    from spend
    where '{{ var("tier_basis") }}' = 'spend' and counts_from < counts_to

    union all

    select
        customer_id,
        counts_to as changed_on,
        -amount as amount
    from spend
    where '{{ var("tier_basis") }}' = 'spend' and counts_from < counts_to

    union all

    select
        customer_id,
        counts_from as changed_on,
        amount
    from loyalty_events
    where '{{ var("tier_basis") }}' = 'points'

    union all

    select
        customer_id,
        counts_to as changed_on,
        -amount as amount
    from loyalty_events
    where '{{ var("tier_basis") }}' = 'points'

),

days as (

    select
        changes.customer_id,
        changes.changed_on,
        sum(changes.amount) as amount
    from changes
    inner join data_cutoff
        on changes.changed_on <= data_cutoff.cutoff_day
    group by
        changes.customer_id,
        changes.changed_on

),

final as (

    select
        customer_id,
        changed_on as valid_from,
        lead(changed_on) over (partition by customer_id order by changed_on nulls first)
            as valid_to,
        cast(
            sum(amount) over (
                partition by customer_id
                order by changed_on nulls first
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as tier_amount
    from days

)

select * from final
