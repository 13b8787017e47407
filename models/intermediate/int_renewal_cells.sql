-- One row per group of subscribers (int_renewal_members) and renewal: how many came to it and how
-- many of them left at it. Who could not yet come to it is in neither. All that the shifted
-- beta-geometric is fitted on.
with

members as (

    select
        segment,
        period_months,
        periods_seen,
        -- a renewal that has not been seen yet cannot be one that was missed
        case when lost_at_period <= periods_seen then lost_at_period end as lost_at_period
    from {{ ref('int_renewal_members') }}

),

exits as (

    select
        segment,
        period_months,
        coalesce(lost_at_period, periods_seen) as last_period,
        count(*) as people,
        count(lost_at_period) as lost
    from members
    group by
        segment,
        period_months,
        coalesce(lost_at_period, periods_seen)

),

segments as (

    select
        segment,
        period_months,
        sum(people) as people,
        max(last_period) as last_period
    from exits
    group by
        segment,
        period_months

),

renewals as (

    select
        segments.segment,
        segments.period_months,
        segments.people,
        cast(renewals.renewal as integer) as period
    from segments
    inner join range(1, 1201) as renewals (renewal)
        on segments.last_period >= renewals.renewal

),

final as (

    select
        renewals.segment,
        renewals.period_months,
        renewals.period,
        cast(
            sum(coalesce(exits.people, 0)) over (
                partition by renewals.segment
                order by renewals.period desc nulls last
                rows between unbounded preceding and current row
            ) as bigint
        ) as at_risk,
        cast(coalesce(exits.lost, 0) as bigint) as lost,
        cast(renewals.people as bigint) as people
    from renewals
    left join exits
        on renewals.segment = exits.segment
        and renewals.period = exits.last_period

)

select * from final
