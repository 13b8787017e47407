-- One row per month: how many were customers at its close (basis any) without having complained in
-- it, and how many of them were lost in the complaint_loss_days from then on. Counted by running
-- sums of losses, less the few who complained (definitions §8).
{% set loss_days = var('complaint_loss_days') %}
with

months as (

    select
        period_number,
        period_start,
        period_end
    from {{ ref('int_periods') }}
    where grain = 'month'

),

complaints as (

    select
        customer_id,
        opened_on
    from {{ ref('customer_complaints') }}

),

lifecycle as (

    select
        customer_id,
        spell_number,
        state,
        valid_from
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'

),

-- by number, as two spells may begin on one day (E60)
chains as (

    select
        customer_id,
        spell_number,
        state,
        valid_from,
        lag(state) over (
            partition by customer_id
            order by spell_number nulls first
        ) as previous_state
    from lifecycle

),

-- one row per stretch in which somebody is a customer, and the loss that ends it
turns as (

    select
        customer_id,
        state,
        valid_from as starts_on,
        lead(valid_from) over (
            partition by customer_id
            order by spell_number nulls first
        ) as ends_on
    from chains
    where
        previous_state is null
        or (state = 'lost') <> (previous_state = 'lost')

),

-- there at the closes after starts_on up to ends_on; lost within the days at those of them from
-- ends_on less the days on
numbered as (

    select
        {{ period_number("'month'", 'starts_on') }} as first_close,
        case
            when ends_on is not null
                then {{ period_number("'month'", 'ends_on') }} - 1
        end as last_close,
        case
            when ends_on is not null
                then
                    {{ period_number(
                        "'month'", 'greatest(starts_on, ' ~ add_days('ends_on', '-' ~ loss_days) ~ ')'
                    ) }}
        end as first_losing_close
    from turns
    where state <> 'lost'

),

flows as (

    select
        first_close as period_number,
        count(*) as came,
        0 as left_after,
        0 as losing,
        0 as lost_after
    from numbered
    group by first_close

    union all

    select
        last_close + 1 as period_number,
        0 as came,
        count(*) as left_after,
        0 as losing,
        0 as lost_after
    from numbered
    where last_close is not null
    group by last_close

    union all

    select
        first_losing_close as period_number,
        0 as came,
        0 as left_after,
        count(*) as losing,
        0 as lost_after
    from numbered
    where first_losing_close is not null
    group by first_losing_close

    union all

    select
        last_close + 1 as period_number,
        0 as came,
        0 as left_after,
        0 as losing,
        count(*) as lost_after
    from numbered
    where last_close is not null
    group by last_close

),

monthly as (

    select
        period_number,
        sum(came - left_after) as came,
        sum(losing - lost_after) as losing
    from flows
    group by period_number

),

balances as (

    select
        months.period_number,
        months.period_start,
        months.period_end,
        sum(coalesce(monthly.came, 0)) over (
            order by months.period_number nulls first
            rows between unbounded preceding and current row
        ) as people,
        sum(coalesce(monthly.losing, 0)) over (
            order by months.period_number nulls first
            rows between unbounded preceding and current row
        ) as lost
    from months
    left join monthly
        on months.period_number = monthly.period_number

),

complainers as (

    select distinct
        months.period_number,
        months.period_end,
        complaints.customer_id
    from complaints
    inner join months
        on
        complaints.opened_on >= months.period_start
        and complaints.opened_on < months.period_end

),

complainers_there as (

    select
        complainers.period_number,
        count(*) as people,
        count_if(
            turns.ends_on < {{ add_days('complainers.period_end', loss_days) }}
        ) as lost
    from complainers
    inner join turns
        on
        complainers.customer_id = turns.customer_id
        and complainers.period_end > turns.starts_on
        and (turns.ends_on is null or complainers.period_end <= turns.ends_on)
    where turns.state <> 'lost'
    group by complainers.period_number

),

final as (

    select
        balances.period_number,
        balances.period_start,
        balances.period_end,
        cast(balances.people - coalesce(complainers_there.people, 0) as bigint) as people,
        cast(balances.lost - coalesce(complainers_there.lost, 0) as bigint) as lost
    from balances
    left join complainers_there
        on balances.period_number = complainers_there.period_number

)

select * from final
