-- One row per person and stretch [valid_from, valid_to) of local days in which what is known of
-- their purchases stays the same: last order, orders, whether all are of one day, revenue in cents
-- (definitions §6, RFM), each day as it ended. Only while there is an order in the lookback. All of
-- it by revenue from 0 up, equals by id from the last, is revenue_position: ABC backwards.
with

buyers as (

    select
        buyer_number,
        customer_id
    from {{ ref('int_buyer_numbers') }}

),

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

stretches as (

    select
        buyers.buyer_number,
        stretches.order_id,
        stretches.ordered_on,
        {{ days_between("date '1900-01-01'", 'stretches.ordered_on') }} as order_day,
        stretches.counts_from,
        case
            when {{ var('rfm_lookback_days') }} > 0
                then
                    least(
                        coalesce(stretches.counts_to, date '9999-12-31'),
                        {{ add_days('stretches.ordered_on', var('rfm_lookback_days')) }}
                    )
            else stretches.counts_to
        end as counts_to,
        stretches.counts_to as cancelled_on,
        cast(floor(stretches.net_amount * 100) as bigint) as cents,
        stretches.is_purchase
    from {{ ref('int_order_stretches') }} as stretches
    inner join buyers
        on stretches.customer_id = buyers.customer_id

),

refunds as (

    select
        stretches.buyer_number,
        greatest(refunds.refunded_on, stretches.counts_from) as counts_from,
        stretches.counts_to,
        -cast(floor(refunds.net_refund * 100) as bigint) as cents
    from {{ ref('refunds') }} as refunds
    inner join stretches
        on refunds.order_id = stretches.order_id
    where refunds.is_counted and not refunds.is_orphan

),

changes as (

    select
        buyer_number,
        counts_from as changed_on,
        case when is_purchase then 1 else 0 end as orders,
        case when is_purchase then order_day else 0 end as order_days,
        cents,
        case when is_purchase and cancelled_on is null then ordered_on end as ordered_on
    from stretches
    where counts_to is null or counts_from < counts_to

    union all

    select
        buyer_number,
        counts_to as changed_on,
        case when is_purchase then -1 else 0 end as orders,
        case when is_purchase then -order_day else 0 end as order_days,
        -cents as cents,
        cast(null as date) as ordered_on
    from stretches
    where counts_from < counts_to

    union all

    select
        buyer_number,
        counts_from as changed_on,
        0 as orders,
        0 as order_days,
        cents,
        cast(null as date) as ordered_on
    from refunds
    where counts_to is null or counts_from < counts_to

    union all

    select
        buyer_number,
        counts_to as changed_on,
        0 as orders,
        0 as order_days,
        -cents as cents,
        cast(null as date) as ordered_on
    from refunds
    where counts_from < counts_to

),

days as (

    select
        changes.buyer_number,
        changes.changed_on,
        sum(changes.orders) as orders,
        sum(changes.order_days) as order_days,
        sum(changes.cents) as cents,
        max(changes.ordered_on) as ordered_on
    from changes
    inner join data_cutoff
        on changes.changed_on <= data_cutoff.cutoff_day
    group by
        changes.buyer_number,
        changes.changed_on

),

balances as (

    select
        buyer_number,
        changed_on as valid_from,
        lead(changed_on) over (partition by buyer_number order by changed_on nulls first)
            as valid_to,
        sum(orders) over person as orders,
        sum(order_days) over person as order_days,
        sum(cents) over person as cents,
        max(ordered_on) over person as ordered_on
    from days
    window
        person as (
            partition by buyer_number order by changed_on nulls first
            rows between unbounded preceding and current row
        )

),

-- an order cancelled since was the last one while it stood
cancelled_since as (

    select
        balances.buyer_number,
        balances.valid_from,
        max(stretches.ordered_on) as ordered_on
    from balances
    inner join stretches
        on balances.buyer_number = stretches.buyer_number
        and balances.valid_from >= stretches.counts_from
        and balances.valid_from < stretches.cancelled_on
    where stretches.is_purchase
    group by
        balances.buyer_number,
        balances.valid_from

),

steps as (

    select
        balances.buyer_number,
        balances.valid_from,
        balances.valid_to,
        case
            when balances.ordered_on is null then cancelled_since.ordered_on
            when cancelled_since.ordered_on > balances.ordered_on then cancelled_since.ordered_on
            else balances.ordered_on
        end as last_order_on,
        cast(balances.orders as bigint) as orders,
        cast(balances.order_days as bigint) as order_days,
        cast(balances.cents as bigint) as cents
    from balances
    left join cancelled_since
        on balances.buyer_number = cancelled_since.buyer_number
        and balances.valid_from = cancelled_since.valid_from
    where balances.orders > 0

),

placed as (

    select
        buyer_number,
        valid_from,
        valid_to,
        last_order_on,
        {{ days_between("date '1900-01-01'", 'last_order_on') }} as last_order_day,
        orders,
        order_days,
        cents,
        greatest(cents, 0) as scored_cents,
        rank() over (
            order by greatest(cents, 0) asc nulls last, buyer_number desc nulls last
        ) as revenue_position
    from steps

),

steps_in_all as (

    select count(*) as steps
    from placed

),

-- neighbours in the order share a bucket, of which there are about as many as each has stretches
final as (

    select
        placed.buyer_number,
        placed.valid_from,
        placed.valid_to,
        {{ period_number("'month'", 'placed.valid_from') }} as from_month,
        {{ period_number("'month'", 'placed.valid_to') }} as to_month,
        placed.last_order_on,
        placed.last_order_day,
        placed.orders,
        -- none is later than the last: their days sum to as much only where none is earlier
        placed.order_days = placed.orders * placed.last_order_day as is_one_occasion,
        placed.cents,
        placed.scored_cents,
        placed.revenue_position,
        cast(
            floor(placed.revenue_position / nullif(sqrt(cast(steps_in_all.steps as double)), 0))
            as integer
        ) as revenue_bucket
    from placed
    cross join steps_in_all

)

select * from final
