-- One row per day of int_risk_days and person not lost at its end (basis any), with the group of
-- like people their base risk comes from, and whether they were lost within risk_horizon_days; null
-- where that is not known yet. At most risk_history_months + 1 days a person.
{% set window_share %}
{{ share(
    days_between('occasions.occasion_on', 'present.evaluation_on'), 'occasions.lost_after_days'
) }}
{%- endset %}
with

days as (

    select
        evaluation_on,
        outcome_on,
        is_now
    from {{ ref('int_risk_days') }}

),

presence as (

    select
        person_number,
        customer_id,
        first_day,
        present_from,
        present_to
    from {{ ref('int_presence') }}
    where basis = 'any' or is_only_basis

),

occasions as (

    select
        person_number,
        occasion_on,
        next_on,
        first_on,
        occasions_so_far,
        revenue_so_far,
        lost_after_days
    from {{ ref('int_risk_occasions') }}

),

services as (

    select
        customer_id,
        service,
        valid_from,
        valid_to
    from {{ ref('int_subscription_services') }}
    where service <> 'none'

),

present as (

    select
        presence.person_number,
        presence.customer_id,
        days.evaluation_on,
        days.is_now,
        presence.first_day,
        presence.present_from,
        case
            when not days.is_now
                then coalesce(presence.present_to <= days.outcome_on, false)
        end as is_lost_later
    from presence
    inner join days
        on presence.present_from <= days.evaluation_on
        and (presence.present_to is null or presence.present_to > days.evaluation_on)

),

served as (

    select
        present.person_number,
        present.evaluation_on,
        services.service
    from present
    inner join services
        on
        present.customer_id = services.customer_id
        and present.evaluation_on >= services.valid_from
        and (services.valid_to is null or present.evaluation_on < services.valid_to)

),

final as (

    select
        present.evaluation_on,
        present.person_number,
        present.customer_id,
        present.is_now,
        present.first_day,
        present.present_from,
        occasions.first_on as first_occasion_on,
        occasions.occasion_on as last_occasion_on,
        {{ days_between('occasions.occasion_on', 'present.evaluation_on') }} as recency_days,
        coalesce(occasions.occasions_so_far, 0) as occasions_so_far,
        occasions.revenue_so_far,
        occasions.lost_after_days,
        served.service is not null as is_served,
        case
            when served.service = 'paused' then 'paused subscriber'
            when served.service = 'served' then 'subscriber'
            when occasions.occasions_so_far >= 5 then '5 purchases or more'
            when occasions.occasions_so_far >= 3 then '3 or 4 purchases'
            when occasions.occasions_so_far = 2 then '2 purchases'
            when occasions.occasions_so_far = 1 then '1 purchase'
            -- kept by a grace of days after the service
            else 'former subscriber'
        end as risk_group,
        -- how much of the window is used; a subscription in service holds whatever it is
        case
            when served.service is not null or occasions.occasion_on is null then 0
            when {{ window_share }} < 0.25 then 0
            when {{ window_share }} < 0.5 then 1
            when {{ window_share }} < 0.75 then 2
            when {{ window_share }} < 0.9 then 3
            else 4
        end as window_stage,
        present.is_lost_later
    from present
    left join occasions
        on
        present.person_number = occasions.person_number
        and present.evaluation_on >= occasions.occasion_on
        and (occasions.next_on is null or present.evaluation_on < occasions.next_on)
    left join served
        on
        present.person_number = served.person_number
        and present.evaluation_on = served.evaluation_on

)

select * from final
