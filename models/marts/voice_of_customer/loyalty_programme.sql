-- One row per month, quarter or year, action and tier, (all) for all of them: members, the points
-- they moved and what redeemed ones cost, and for all joiners together what became of them against
-- buyers of like value and tenure who had not joined (definitions §8), which is no proof of cause.
-- Members and outstanding points are balances at close, not additive over periods.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain in ('month', 'quarter', 'year')

),

loyalty as (

    select
        customer_id,
        occurred_on,
        coalesce(action, '(none)') as action,
        points
    from {{ ref('int_loyalty_known') }}

),

tiers as (

    select
        customer_id,
        value as tier,
        valid_from,
        valid_to
    from {{ ref('customer_dimensions') }}
    where dimension = 'loyalty_tier'

),

matches as (

    select
        grain,
        period_number,
        matched_members,
        matched_members_retained,
        matched_members_spend,
        matched_others,
        expected_retained,
        expected_spend
    from {{ ref('int_loyalty_matches') }}

),

joined as (

    select
        customer_id,
        min(occurred_on) as joined_on
    from loyalty
    group by customer_id

),

grains as (

    select
        grain,
        min(period_number) as first_number
    from periods
    group by grain

),

-- under the tier of the day; (none) where tiers are not built
movements as (

    select
        loyalty.customer_id,
        loyalty.occurred_on,
        loyalty.action,
        loyalty.points,
        coalesce(tiers.tier, '(none)') as tier
    from loyalty
    left join tiers
        on
        loyalty.customer_id = tiers.customer_id
        and loyalty.occurred_on >= tiers.valid_from
        and (tiers.valid_to is null or loyalty.occurred_on < tiers.valid_to)

),

numbered_movements as (

    select
        grains.grain,
        grains.first_number,
        {{ period_number('grains.grain', 'movements.occurred_on') }} as period_number,
        movements.customer_id,
        movements.action,
        movements.points,
        movements.tier
    from movements
    cross join grains

),

-- each movement in its own action and tier, and in (all) of either
grouped_movements as (

    {% for action, tier in [
        ('action', 'tier'), ("'(all)'", 'tier'), ('action', "'(all)'"), ("'(all)'", "'(all)'")
    ] %}
        select
            grain,
            first_number,
            period_number,
            customer_id,
            {{ action }} as action,
            {{ tier }} as tier,
            action as moved_by,
            points
        from numbered_movements
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

moved as (

    select
        grain,
        period_number,
        action,
        tier,
        count(distinct customer_id) as active_members,
        sum(case when moved_by in ('redeem', 'expire') then 0 else points end) as earned,
        sum(case when moved_by = 'redeem' then -points else 0 end) as redeemed,
        sum(case when moved_by = 'expire' then -points else 0 end) as expired
    from grouped_movements
    group by
        grain,
        period_number,
        action,
        tier

),

-- what moved before the first period of history is in the balance of that period
point_flows as (

    select
        grain,
        greatest(period_number, first_number) as period_number,
        action,
        tier,
        sum(points) as net_points
    from grouped_movements
    group by
        grain,
        greatest(period_number, first_number),
        action,
        tier

),

first_tiers as (

    select
        customer_id,
        min(valid_from) as first_on
    from tiers
    group by customer_id

),

-- who joins before the first purchase has no tier up to it
member_spells as (

    select
        '(none)' as tier,
        joined.joined_on as starts_on,
        first_tiers.first_on as ends_on
    from joined
    inner join first_tiers
        on
        joined.customer_id = first_tiers.customer_id
        and joined.joined_on < first_tiers.first_on

    union all

    select
        coalesce(tiers.tier, '(none)') as tier,
        greatest(coalesce(tiers.valid_from, joined.joined_on), joined.joined_on) as starts_on,
        tiers.valid_to as ends_on
    from joined
    left join tiers
        on
        joined.customer_id = tiers.customer_id
        and (tiers.valid_to is null or joined.joined_on < tiers.valid_to)

    union all

    select
        '(all)' as tier,
        joined_on as starts_on,
        cast(null as date) as ends_on
    from joined

),

member_moves as (

    select
        grains.grain,
        greatest(
            {{ period_number('grains.grain', 'member_spells.starts_on') }}, grains.first_number
        ) as period_number,
        member_spells.tier,
        1 as came
    from member_spells
    cross join grains

    union all

    select
        grains.grain,
        greatest(
            {{ period_number('grains.grain', 'member_spells.ends_on') }}, grains.first_number
        ) as period_number,
        member_spells.tier,
        -1 as came
    from member_spells
    cross join grains
    where member_spells.ends_on is not null

),

member_flows as (

    select
        grain,
        period_number,
        '(all)' as action,
        tier,
        sum(came) as came
    from member_moves
    group by
        grain,
        period_number,
        tier

),

first_periods as (

    select
        grain,
        action,
        tier,
        min(period_number) as first_period
    from (
        select
            grain,
            action,
            tier,
            period_number
        from point_flows

        union all

        select
            grain,
            action,
            tier,
            period_number
        from member_flows
    ) as flows
    group by
        grain,
        action,
        tier

),

cells as (

    select
        periods.grain,
        periods.period_number,
        periods.period_start,
        first_periods.action,
        first_periods.tier,
        periods.is_complete,
        periods.is_final,
        {{ add_days('periods.period_end', var('loyalty_effect_days')) }}
        <= {{ add_days('data_cutoff.cutoff_day', 1) }} as is_followed
    from first_periods
    cross join data_cutoff
    inner join periods
        on
        first_periods.grain = periods.grain
        and first_periods.first_period <= periods.period_number

),

balances as (

    select
        cells.grain,
        cells.period_number,
        cells.period_start,
        cells.action,
        cells.tier,
        cells.is_complete,
        cells.is_final,
        cells.is_followed,
        coalesce(moved.active_members, 0) as active_members,
        coalesce(moved.earned, 0) as earned,
        coalesce(moved.redeemed, 0) as redeemed,
        coalesce(moved.expired, 0) as expired,
        sum(coalesce(point_flows.net_points, 0)) over balance as outstanding,
        sum(coalesce(member_flows.came, 0)) over balance as members
    from cells
    left join moved
        on
        cells.grain = moved.grain
        and cells.period_number = moved.period_number
        and cells.action = moved.action
        and cells.tier = moved.tier
    left join point_flows
        on
        cells.grain = point_flows.grain
        and cells.period_number = point_flows.period_number
        and cells.action = point_flows.action
        and cells.tier = point_flows.tier
    left join member_flows
        on
        cells.grain = member_flows.grain
        and cells.period_number = member_flows.period_number
        and cells.action = member_flows.action
        and cells.tier = member_flows.tier
    window
        balance as (
            partition by cells.grain, cells.action, cells.tier
            order by cells.period_number nulls first
            rows between unbounded preceding and current row
        )

),

compared as (

    select
        balances.grain,
        balances.period_start,
        balances.action,
        balances.tier,
        balances.is_complete,
        balances.is_final,
        balances.is_followed,
        balances.active_members,
        balances.earned,
        balances.redeemed,
        balances.expired,
        case when balances.action = '(all)' then balances.outstanding end as outstanding,
        case when balances.action = '(all)' then balances.members end as members,
        matches.matched_members,
        matches.matched_members_retained,
        matches.matched_members_spend,
        matches.matched_others,
        matches.expected_retained,
        matches.expected_spend
    from balances
    left join matches
        on
        balances.grain = matches.grain
        and balances.period_number = matches.period_number
        and balances.action = '(all)'
        and balances.tier = '(all)'

),

final as (

    select
        grain,
        period_start,
        action,
        tier,
        cast(members as bigint) as members,
        active_members,
        cast(earned as bigint) as points_earned,
        cast(redeemed as bigint) as points_redeemed,
        cast(expired as bigint) as points_expired,
        cast(outstanding as bigint) as points_outstanding,
        cast(
            round(
                cast(redeemed as decimal(18, 0))
                * cast({{ var('loyalty_point_value') }} as decimal(9, 6)),
                2
            ) as decimal(18, 2)
        ) as reward_cost,
        matched_members,
        matched_members_retained,
        matched_others,
        matched_members_spend,
        case
            when is_followed then {{ share('matched_members_retained', 'matched_members') }}
        end as member_retention_rate,
        case
            when is_followed then {{ share('expected_retained', 'matched_members') }}
        end as matched_retention_rate,
        case
            when is_followed
                then
                    {{ share('matched_members_retained', 'matched_members') }}
                    - {{ share('expected_retained', 'matched_members') }}
        end as retention_difference,
        case
            when is_followed
                then
                    cast(
                        round({{ share('matched_members_spend', 'matched_members') }}, 2)
                        as decimal(18, 2)
                    )
        end as member_spend,
        case
            when is_followed
                then
                    cast(
                        round({{ share('expected_spend', 'matched_members') }}, 2)
                        as decimal(18, 2)
                    )
        end as matched_spend,
        'not causal' as comparison,
        is_complete,
        is_followed,
        is_final and (is_followed or matched_members is null) as is_final,
        active_members < {{ var('small_cell_size') }} as is_small
    from compared

)

select * from final
