-- One row per person and return after a loss (basis any): tier and class on the day, the latest
-- reason of the loss, what was bought in the risk_horizon_days after the return and before the last
-- purchase ahead of the loss (neither purchase itself counts), and when they were lost again.
{% set horizon = var('risk_horizon_days') | int(90) %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

losses as (

    select
        person_number,
        present_from,
        lost_on,
        returned_on
    from {{ ref('int_losses') }}

),

loss_reasons as (

    select
        person_number,
        lost_on,
        reason_code
    from {{ ref('int_loss_reasons') }}
    where is_latest

),

occasions as (

    select
        person_number,
        occasion_on,
        next_on,
        occasions_so_far,
        revenue_so_far
    from {{ ref('int_risk_occasions') }}

),

dimension_spells as (

    select
        person_number,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension in ('value_class', 'loyalty_tier')

),

returns as (

    select
        person_number,
        lost_on,
        returned_on
    from losses
    where returned_on is not null

),

traits as (

    select
        returns.person_number,
        returns.returned_on,
        max(
            case when dimension_spells.dimension = 'value_class' then dimension_spells.value end
        ) as value_class,
        max(
            case when dimension_spells.dimension = 'loyalty_tier' then dimension_spells.value end
        ) as loyalty_tier
    from returns
    inner join dimension_spells
        on
        returns.person_number = dimension_spells.person_number
        and returns.returned_on >= dimension_spells.valid_from
        and (
            dimension_spells.valid_to is null
            or returns.returned_on < dimension_spells.valid_to
        )
    group by
        returns.person_number,
        returns.returned_on

),

-- the days between which purchases are counted
moments as (

    select
        returns.person_number,
        returns.returned_on,
        at_return.occasions_so_far,
        at_return.revenue_so_far,
        {{ add_days('returns.returned_on', horizon) }} as after_to,
        last_before.occasion_on as last_on,
        {{ add_days('last_before.occasion_on', -1) }} as before_to,
        {{ add_days('last_before.occasion_on', -(horizon + 1)) }} as before_from
    from returns
    left join occasions as at_return
        on
        returns.person_number = at_return.person_number
        and returns.returned_on >= at_return.occasion_on
        and (at_return.next_on is null or returns.returned_on < at_return.next_on)
    left join occasions as last_before
        on
        returns.person_number = last_before.person_number
        and returns.lost_on > last_before.occasion_on
        and (last_before.next_on is null or returns.lost_on <= last_before.next_on)

),

counted as (

    select
        moments.person_number,
        moments.returned_on,
        coalesce(after_end.occasions_so_far, 0) - coalesce(moments.occasions_so_far, 0)
            as orders_after,
        coalesce(after_end.revenue_so_far, 0) - coalesce(moments.revenue_so_far, 0)
            as spend_after,
        coalesce(before_end.occasions_so_far, 0) - coalesce(before_start.occasions_so_far, 0)
            as orders_before,
        coalesce(before_end.revenue_so_far, 0) - coalesce(before_start.revenue_so_far, 0)
            as spend_before
    from moments
    left join occasions as after_end
        on
        moments.person_number = after_end.person_number
        and moments.after_to >= after_end.occasion_on
        and (after_end.next_on is null or moments.after_to < after_end.next_on)
    left join occasions as before_end
        on
        moments.person_number = before_end.person_number
        and moments.before_to >= before_end.occasion_on
        and (before_end.next_on is null or moments.before_to < before_end.next_on)
    left join occasions as before_start
        on
        moments.person_number = before_start.person_number
        and moments.before_from >= before_start.occasion_on
        and (before_start.next_on is null or moments.before_from < before_start.next_on)

),

final as (

    select
        returns.person_number,
        returns.lost_on,
        returns.returned_on,
        coalesce(traits.value_class, '(none)') as value_class,
        coalesce(traits.loyalty_tier, '(none)') as loyalty_tier,
        coalesce(loss_reasons.reason_code, '(none)') as reason_code,
        again.lost_on as lost_again_on,
        {{ days_between('returns.returned_on', 'data_cutoff.cutoff_day') }} as followed_days,
        counted.orders_after,
        cast(counted.spend_after as decimal(18, 2)) as spend_after,
        counted.orders_before,
        cast(counted.spend_before as decimal(18, 2)) as spend_before
    from returns
    cross join data_cutoff
    inner join counted
        on
        returns.person_number = counted.person_number
        and returns.returned_on = counted.returned_on
    left join traits
        on
        returns.person_number = traits.person_number
        and returns.returned_on = traits.returned_on
    left join loss_reasons
        on
        returns.person_number = loss_reasons.person_number
        and returns.lost_on = loss_reasons.lost_on
    left join losses as again
        on
        returns.person_number = again.person_number
        and returns.returned_on = again.present_from

)

select * from final
