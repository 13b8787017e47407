-- One row per grain (month, quarter, year), period and person lost in it, basis any: the set S \ E
-- of retention.retention_rates, with the loss it ended in and what the person brought a year until
-- then.
with

events as (

    select
        person_number,
        grain,
        period_number,
        valued_on
    from {{ ref('int_presence_events') }}
    where event = 'lost' and grain <> 'week' and (basis = 'any' or is_only_basis)

),

losses as (

    select
        person_number,
        lost_on,
        returned_on
    from {{ ref('int_losses') }}

),

values_lost as (

    select
        person_number,
        lost_on,
        annual_revenue
    from {{ ref('int_annual_revenues') }}
    where lost_on is not null

),

-- who was lost twice in a period went for good with the last loss
final as (

    select
        events.grain,
        events.period_number,
        events.valued_on,
        events.person_number,
        losses.lost_on,
        losses.returned_on,
        values_lost.annual_revenue
    from events
    inner join losses
        on
        events.person_number = losses.person_number
        and events.period_number = {{ period_number('events.grain', 'losses.lost_on') }}
    inner join values_lost
        on
        losses.person_number = values_lost.person_number
        and losses.lost_on = values_lost.lost_on
    qualify
        row_number() over (
            partition by events.grain, events.period_number, events.person_number
            order by losses.lost_on desc nulls last
        ) = 1

)

select * from final
