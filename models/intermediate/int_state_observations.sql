-- One row per month end of int_observed_month_ends and lifecycle state (basis any): everybody in
-- it, and of them who complained or was lost in the days after. From running sums over the ends of
-- spells, so that nobody is counted month by month.
with

month_ends as (

    select observed_on
    from {{ ref('int_observed_month_ends') }}

),

customer_lifecycle as (

    select
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'any' and (valid_to is null or valid_from < valid_to)

),

observed_outcomes as (

    select
        observed_on,
        state,
        is_lost,
        is_complaining
    from {{ ref('int_observed_outcomes') }}

),

changes as (

    select
        state,
        valid_from as changed_on,
        1 as people
    from customer_lifecycle

    union all

    select
        state,
        valid_to as changed_on,
        -1 as people
    from customer_lifecycle
    where valid_to is not null

),

day_changes as (

    select
        state,
        changed_on,
        sum(people) as people
    from changes
    group by
        state,
        changed_on

),

balances as (

    select
        month_ends.observed_on,
        day_changes.state,
        sum(day_changes.people) as people
    from month_ends
    inner join day_changes
        on month_ends.observed_on >= day_changes.changed_on
    group by
        month_ends.observed_on,
        day_changes.state

),

outcomes as (

    select
        observed_on,
        state,
        count(case when is_lost then 1 end) as lost,
        count(case when is_complaining then 1 end) as complained
    from observed_outcomes
    group by
        observed_on,
        state

),

final as (

    select
        balances.observed_on,
        balances.state,
        cast(balances.people as bigint) as people,
        coalesce(outcomes.complained, 0) as complained,
        coalesce(outcomes.lost, 0) as lost
    from balances
    left join outcomes
        on
        balances.observed_on = outcomes.observed_on
        and balances.state = outcomes.state
    where balances.people > 0

)

select * from final
