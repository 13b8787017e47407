-- One row per person who ever used a product or was sent a message: use and answers of the last
-- trend_days, and of as many days before them (definitions §6, Behaviour). An answer is a message
-- opened; days are those of use and of sending. Control messages are none.
with

data_cutoff as (

    select
        cutoff_day,
        {{ add_days('cutoff_day', '-' ~ var('trend_days')) }} as recent_after,
        {{ add_days('cutoff_day', '-2 * ' ~ var('trend_days')) }} as before_after
    from {{ ref('int_data_cutoff') }}

),

product_usage as (

    select
        customer_id,
        used_on,
        events,
        sessions
    from {{ ref('int_product_usage_known') }}

),

messages as (

    select
        customer_id,
        sent_on,
        opened_at
    from {{ ref('int_messages_known') }}
    where variant is distinct from 'control'

),

-- a day of use without numbers is one event
usage as (

    select
        product_usage.customer_id,
        sum(
            case
                when product_usage.used_on > data_cutoff.recent_after
                    then coalesce(product_usage.events, product_usage.sessions, 1)
                else 0
            end
        ) as events_recent,
        sum(
            case
                when
                    product_usage.used_on > data_cutoff.before_after
                    and product_usage.used_on <= data_cutoff.recent_after
                    then coalesce(product_usage.events, product_usage.sessions, 1)
                else 0
            end
        ) as events_before
    from product_usage
    cross join data_cutoff
    group by product_usage.customer_id

),

answers as (

    select
        messages.customer_id,
        count_if(messages.sent_on > data_cutoff.recent_after) as messages_recent,
        count_if(
            messages.sent_on > data_cutoff.recent_after
            and messages.opened_at is not null
        ) as answers_recent,
        count_if(
            messages.sent_on > data_cutoff.before_after
            and messages.sent_on <= data_cutoff.recent_after
        ) as messages_before,
        count_if(
            messages.sent_on > data_cutoff.before_after
            and messages.sent_on <= data_cutoff.recent_after
            and messages.opened_at is not null
        ) as answers_before
    from messages
    cross join data_cutoff
    group by messages.customer_id

),

rates as (

    select
        coalesce(usage.customer_id, answers.customer_id) as customer_id,
        cast(usage.events_recent as bigint) as events_recent,
        cast(usage.events_before as bigint) as events_before,
        cast(answers.answers_recent as double) / nullif(answers.messages_recent, 0)
            as answer_rate_recent,
        cast(answers.answers_before as double) / nullif(answers.messages_before, 0)
            as answer_rate_before
    from usage
    full join answers
        on usage.customer_id = answers.customer_id

),

final as (

    select
        customer_id,
        events_recent,
        events_before,
        answer_rate_recent,
        answer_rate_before,
        {{ trend('events_recent', 'events_before') }} as usage_trend,
        {{ trend('answer_rate_recent', 'answer_rate_before') }} as engagement_trend
    from rates

)

select * from final
