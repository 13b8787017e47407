-- One row per person not lost at the cutoff with a signal: how likely they are lost within
-- risk_horizon_days (calibrated on history), what is at risk with them, whose they are, what to do.
-- value_at_risk is additive over people; scores are not.
with

points as (

    select
        evaluation_on,
        person_number,
        risk_group,
        points_now as points,
        cast(floor(points_now * 4) as integer) as band
    from {{ ref('int_risk_points') }}
    where is_now and signals > 0

),

calibration as (

    select
        band,
        people,
        is_calibrated,
        score
    from {{ ref('int_risk_calibration') }}

),

people as (

    select
        person_number,
        customer_id,
        annual_revenue
    from {{ ref('int_annual_revenues') }}
    where lost_on is null

),

lifecycle as (

    select
        customer_id,
        lifecycle_state
    from {{ ref('customers') }}

),

owners as (

    select
        person_number,
        owner_id,
        attribution
    from {{ ref('int_owner_spells') }}
    where valid_to is null

),

dimension_spells as (

    select
        person_number,
        dimension,
        value
    from {{ ref('int_dimension_spells') }}
    where dimension in ('value_class', 'loyalty_tier') and valid_to is null

),

channels as (

    select
        customer_id,
        channel
    from {{ ref('contact_eligibility') }}
    where is_first_choice

),

signals as (

    select
        customer_id,
        signal,
        weight,
        since_on,
        suggested_action,
        row_number() over (
            partition by customer_id
            order by weight desc nulls last, signal asc nulls last
        ) as place
    from {{ ref('risk_signals') }}

),

-- what does not raise the risk leads nobody, unless there is nothing else
leaders as (

    select
        customer_id,
        count(*) as signals,
        {{ join_text(
            'case when place <= 3 and (place = 1 or weight > 0) then signal end', ', ', 'place'
        ) }} as leading_signals,
        max(case when place = 1 then signal end) as leading_signal,
        max(case when place = 1 then since_on end) as since_on,
        max(case when place = 1 then suggested_action end) as suggested_action
    from signals
    group by customer_id

),

traits as (

    select
        person_number,
        max(case when dimension = 'value_class' then value end) as value_class,
        max(case when dimension = 'loyalty_tier' then value end) as loyalty_tier
    from dimension_spells
    group by person_number

),

scored as (

    select
        people.customer_id,
        lifecycle.lifecycle_state,
        points.risk_group,
        points.points,
        calibration.score,
        calibration.is_calibrated,
        cast(calibration.people as bigint) as score_people,
        people.annual_revenue,
        {{ round_money('cast(calibration.score as decimal(9, 6)) * people.annual_revenue') }}
            as value_at_risk,
        coalesce(traits.value_class, '(none)') as value_class,
        coalesce(traits.loyalty_tier, '(none)') as loyalty_tier,
        leaders.signals,
        leaders.leading_signals,
        leaders.leading_signal,
        leaders.since_on,
        owners.owner_id,
        owners.attribution,
        leaders.suggested_action,
        channels.channel as contact_channel
    from points
    inner join calibration
        on points.band = calibration.band
    inner join people
        on points.person_number = people.person_number
    inner join lifecycle
        on people.customer_id = lifecycle.customer_id
    inner join leaders
        on people.customer_id = leaders.customer_id
    left join owners
        on points.person_number = owners.person_number
    left join traits
        on points.person_number = traits.person_number
    left join channels
        on people.customer_id = channels.customer_id

),

ranked as (

    select
        *,
        row_number() over (
            order by
                points desc nulls last,
                value_at_risk desc nulls last,
                customer_id asc nulls last
        ) as place
    from scored

),

final as (

    select
        customer_id,
        lifecycle_state,
        cast(place as bigint) as risk_rank,
        score,
        is_calibrated,
        score_people,
        points,
        risk_group,
        annual_revenue,
        cast(value_at_risk as decimal(18, 2)) as value_at_risk,
        value_class,
        loyalty_tier,
        cast(signals as bigint) as signals,
        leading_signals,
        leading_signal,
        since_on,
        suggested_action,
        contact_channel,
        owner_id,
        coalesce(attribution, 'none') as attribution
    from ranked

)

select * from final
