-- One row: the last whole local day that counts, and the instant at which it ends. The smallest
-- mark of the feeds that decide (orders, subscription periods), so that a feed that stops does not
-- turn everybody into a lost customer (E08). No row while nothing has been delivered.
-- AS_OF comes by the environment: dbt parses what names it anew, and all when --vars change
{% set given = env_var('HOLDFAST_AS_OF', '') or var('as_of') %}
{% set as_of = "'" ~ given ~ "'" if given else 'null' %}
with

feeds as (

    select
        input as feed,
        source_name,
        loaded_through,
        {{ local_day('last_delivered_at') }} as delivered_on,
        {{ local_day('loaded_through') }} as loaded_through_on
    from {{ ref('stg_ops_feeds') }}
    where input in ('orders', 'subscription_periods')

),

orders as (

    select
        source_name,
        ordered_on,
        paid_on,
        cancelled_on
    from {{ ref('stg_orders') }}

),

subscription_periods as (

    select
        source_name,
        starts_on,
        ends_on,
        cancel_requested_on
    from {{ ref('stg_subscription_periods') }}

),

payments as (

    select
        source_name,
        paid_on
    from {{ ref('stg_payments') }}
    where subscription_id is not null

),

events as (

    select distinct
        'orders' as feed,
        source_name,
        ordered_on as event_on
    from orders

    union all

    select distinct
        'orders' as feed,
        source_name,
        paid_on as event_on
    from orders

    union all

    select distinct
        'orders' as feed,
        source_name,
        cancelled_on as event_on
    from orders

    union all

    select distinct
        'subscription_periods' as feed,
        source_name,
        starts_on as event_on
    from subscription_periods

    union all

    select distinct
        'subscription_periods' as feed,
        source_name,
        ends_on as event_on
    from subscription_periods

    union all

    select distinct
        'subscription_periods' as feed,
        source_name,
        cancel_requested_on as event_on
    from subscription_periods

    union all

    select distinct
        'subscription_periods' as feed,
        source_name,
        paid_on as event_on
    from payments

),

-- Only days that had ended when the feed came: the day of delivery is half told, and what lies
-- beyond it is planned.
feed_events as (

    select
        feeds.feed,
        feeds.source_name,
        feeds.loaded_through,
        feeds.delivered_on,
        feeds.loaded_through_on,
        max(events.event_on) as last_event_on
    from feeds
    left join events
        on feeds.feed = events.feed
        and feeds.source_name = events.source_name
        and feeds.delivered_on > events.event_on
    group by
        feeds.feed,
        feeds.source_name,
        feeds.loaded_through,
        feeds.delivered_on,
        feeds.loaded_through_on

),

marks as (

    select
        case
            when loaded_through is not null
                then {{ add_days('least(loaded_through_on, delivered_on)', -1) }}
            else last_event_on
        end as mark_on
    from feed_events

),

cutoff as (

    select coalesce(cast({{ as_of }} as date), min(mark_on)) as cutoff_day
    from marks

),

final as (

    select
        cutoff_day,
        {{ day_begins_at(add_days('cutoff_day', 1)) }} as data_cutoff
    from cutoff
    where cutoff_day is not null

)

select * from final
