-- One row per message sent before the cutoff to a known person, control group included (nothing
-- delivered), as it was known then: what happened to it after the cutoff is blank (definitions §1,
-- Cutoff). Test accounts are not here. offer_cost is in reporting currency.
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

final as (

    select
        prefixes.id_prefix || messages.message_id as message_id,
        messages.source_name,
        prefixes.id_prefix || messages.campaign_id as campaign_id,
        identities.customer_id,
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
        {{ round_money('messages.offer_cost') }} as offer_cost
    from messages
    cross join data_cutoff
    inner join prefixes
        on messages.source_name = prefixes.source_name
    inner join identities
        on messages.source_name = identities.source_name
        and messages.customer_id = identities.source_customer_id
    where messages.sent_at < data_cutoff.data_cutoff

)

select * from final
