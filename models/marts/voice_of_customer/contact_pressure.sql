-- One row per channel (all for all together), band of contacts from us in 30 days and lifecycle
-- state: how people took it in the days after, so that too little and too much both show (§8 of the
-- definitions). Counts add up people at up to 12 month ends: a person counts once per month end.
-- Never causal: nobody was assigned to a band.
with

contact_observations as (

    select
        channel,
        state,
        contacts,
        is_opened,
        is_unsubscribed,
        is_complaining,
        is_lost
    from {{ ref('int_contact_observations') }}

),

state_observations as (

    select
        state,
        people,
        complained,
        lost
    from {{ ref('int_state_observations') }}

),

bands as (

    select
        contacts_band,
        from_contacts,
        lead(from_contacts) over (order by from_contacts nulls last) as next_from_contacts
    from {{ ref('contact_pressure_bands') }}

),

contacted as (

    select
        channel,
        state,
        contacts,
        count(*) as people,
        count(case when is_opened then 1 end) as opened,
        count(case when is_unsubscribed then 1 end) as unsubscribed,
        count(case when is_complaining then 1 end) as complained,
        count(case when is_lost then 1 end) as lost
    from contact_observations
    group by
        channel,
        state,
        contacts

),

channels as (

    select distinct channel
    from contacted

),

everybody as (

    select
        state,
        sum(people) as people,
        sum(complained) as complained,
        sum(lost) as lost
    from state_observations
    group by state

),

reached as (

    select
        channel,
        state,
        sum(people) as people,
        sum(complained) as complained,
        sum(lost) as lost
    from contacted
    group by
        channel,
        state

),

-- who was not contacted is whoever is left
counted as (

    select
        channel,
        state,
        contacts,
        people,
        opened,
        unsubscribed,
        complained,
        lost
    from contacted

    union all

    select
        channels.channel,
        everybody.state,
        0 as contacts,
        everybody.people - coalesce(reached.people, 0) as people,
        0 as opened,
        0 as unsubscribed,
        everybody.complained - coalesce(reached.complained, 0) as complained,
        everybody.lost - coalesce(reached.lost, 0) as lost
    from channels
    cross join everybody
    left join reached
        on
        channels.channel = reached.channel
        and everybody.state = reached.state

),

cells as (

    select
        counted.channel,
        bands.contacts_band,
        counted.state,
        min(bands.from_contacts) as from_contacts,
        min(bands.next_from_contacts) - 1 as to_contacts,
        sum(counted.people) as people,
        sum(counted.opened) as opened,
        sum(counted.unsubscribed) as unsubscribed,
        sum(counted.complained) as complained,
        sum(counted.lost) as lost
    from counted
    inner join bands
        on
        counted.contacts >= bands.from_contacts
        and (bands.next_from_contacts is null or counted.contacts < bands.next_from_contacts)
    group by
        counted.channel,
        bands.contacts_band,
        counted.state

),

final as (

    select
        channel,
        contacts_band,
        state,
        cast(from_contacts as bigint) as from_contacts,
        cast(to_contacts as bigint) as to_contacts,
        cast(people as bigint) as people,
        cast(opened as bigint) as opened,
        cast(unsubscribed as bigint) as unsubscribed,
        cast(complained as bigint) as complained,
        cast(lost as bigint) as lost,
        case when from_contacts > 0 then {{ share('opened', 'people') }} end as opened_rate,
        case when from_contacts > 0 then {{ share('unsubscribed', 'people') }} end
            as unsubscribed_rate,
        {{ share('complained', 'people') }} as complained_rate,
        case when state <> 'lost' then {{ share('lost', 'people') }} end as lost_rate,
        case when state <> 'lost' then {{ wilson_low('lost', 'people') }} end as lost_rate_low,
        case when state <> 'lost' then {{ wilson_high('lost', 'people') }} end as lost_rate_high,
        people < {{ var('small_cell_size') }} as is_small
    from cells
    where people > 0

)

select * from final
