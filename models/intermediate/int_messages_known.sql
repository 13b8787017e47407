-- One row per message sent before the cutoff to a known person, control group included (nothing
-- delivered), as it was known then: what happened to it after the cutoff is blank (definitions §1,
-- Cutoff). What was opened had arrived; so had what went out by a channel of which no arrival is
-- told. Test accounts are not here. offer_cost is in reporting currency.
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

messages as (

    select
        source_name,
        message_id,
        campaign_id,
        customer_id,
        channel,
        variant,
        sent_at,
        sent_on,
        delivered_at,
        delivered_on,
        -- mail programs that load no images tell nothing until the click
        least(opened_at, clicked_at) as opened_at,
        least(opened_on, clicked_on) as opened_on,
        clicked_at,
        clicked_on,
        bounced_at,
        bounced_on,
        unsubscribed_at,
        unsubscribed_on,
        offer_cost
    from {{ ref('stg_messages') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

known as (

    select
        messages.source_name,
        messages.message_id,
        messages.campaign_id,
        messages.customer_id,
        messages.channel,
        coalesce(messages.variant, 'treatment') as variant,
        messages.sent_at,
        messages.sent_on,
        {% for event in ['delivered', 'opened', 'clicked', 'bounced', 'unsubscribed'] %}
            case
                when messages.{{ event }}_at < data_cutoff.data_cutoff then messages.{{ event }}_at
            end as {{ event }}_at,
            case
                when messages.{{ event }}_at < data_cutoff.data_cutoff then messages.{{ event }}_on
            end as {{ event }}_on,
        {% endfor %}
        messages.offer_cost
    from messages
    cross join data_cutoff
    where messages.sent_at < data_cutoff.data_cutoff

),

-- many programs tell what was sent, opened and came back, and never what arrived
told as (

    select
        known.*,
        bool_or(known.delivered_at is not null) over (
            partition by known.source_name, lower(known.channel)
        ) as is_delivery_told
    from known

),

final as (

    select
        prefixes.id_prefix || told.message_id as message_id,
        told.source_name,
        prefixes.id_prefix || told.campaign_id as campaign_id,
        identities.customer_id,
        told.channel,
        told.variant,
        told.sent_at,
        told.sent_on,
        {% for day in ['at', 'on'] %}
            coalesce(
                told.delivered_{{ day }},
                told.opened_{{ day }},
                case
                    when
                        not told.is_delivery_told
                        and told.variant <> 'control'
                        and told.bounced_at is null
                        then told.sent_{{ day }}
                end
            ) as delivered_{{ day }},
        {% endfor %}
        told.opened_at,
        told.opened_on,
        told.clicked_at,
        told.clicked_on,
        told.bounced_at,
        told.bounced_on,
        told.unsubscribed_at,
        told.unsubscribed_on,
        {{ round_money('told.offer_cost') }} as offer_cost
    from told
    inner join prefixes
        on told.source_name = prefixes.source_name
    inner join identities
        on told.source_name = identities.source_name
        and told.customer_id = identities.source_customer_id

)

select * from final
