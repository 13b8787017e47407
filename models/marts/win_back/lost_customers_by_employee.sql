-- One row per month, quarter or year and employee: the customers (basis any) whose owner they were
-- at the open, and those of them lost in it, whoever took them over since. Counts and company
-- shares add up over employees to the company's; balances and rates do not add up over periods.
with

owner_changes as (

    select
        grain,
        owner_id,
        attribution,
        period_number,
        added
    from {{ ref('int_owner_changes') }}

),

owner_spells as (

    select
        person_number,
        owner_id,
        valid_from,
        valid_to
    from {{ ref('int_owner_spells') }}

),

period_losses as (

    select
        grain,
        period_number,
        valued_on,
        person_number,
        returned_on,
        annual_revenue
    from {{ ref('int_period_losses') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain <> 'week'

),

employees as (

    select
        employee_id,
        name,
        team
    from {{ ref('employees') }}

),

-- an owner has rows from the period after whose beginning they first own somebody
first_periods as (

    select
        grain,
        owner_id,
        min(period_number) as first_period
    from owner_changes
    group by
        grain,
        owner_id

),

owner_periods as (

    select
        first_periods.grain,
        first_periods.owner_id,
        periods.period_number,
        periods.period_start,
        periods.is_complete,
        periods.is_final
    from first_periods
    inner join periods
        on
        first_periods.grain = periods.grain
        and first_periods.first_period <= periods.period_number

),

changes as (

    select
        grain,
        owner_id,
        period_number,
        sum(added) as added,
        sum(case when attribution = 'account_owner' then added else 0 end) as account_added
    from owner_changes
    group by
        grain,
        owner_id,
        period_number

),

balances as (

    select
        owner_periods.grain,
        owner_periods.owner_id,
        owner_periods.period_number,
        owner_periods.period_start,
        owner_periods.is_complete,
        owner_periods.is_final,
        cast(sum(coalesce(changes.added, 0)) over so_far as bigint) as customers_at_open,
        cast(sum(coalesce(changes.account_added, 0)) over so_far as bigint)
            as customers_by_account
    from owner_periods
    left join changes
        on
        owner_periods.grain = changes.grain
        and owner_periods.owner_id = changes.owner_id
        and owner_periods.period_number = changes.period_number
    window
        so_far as (
            partition by owner_periods.grain, owner_periods.owner_id
            order by owner_periods.period_number nulls first
            rows between unbounded preceding and current row
        )

),

lost as (

    select
        period_losses.grain,
        period_losses.period_number,
        coalesce(owner_spells.owner_id, '(none)') as owner_id,
        count(*) as lost_customers,
        count(period_losses.returned_on) as returned_since,
        sum(period_losses.annual_revenue) as annual_revenue_lost
    from period_losses
    left join owner_spells
        on
        period_losses.person_number = owner_spells.person_number
        and period_losses.valued_on >= owner_spells.valid_from
        and (
            owner_spells.valid_to is null
            or period_losses.valued_on < owner_spells.valid_to
        )
    group by
        period_losses.grain,
        period_losses.period_number,
        coalesce(owner_spells.owner_id, '(none)')

),

counted as (

    select
        balances.grain,
        balances.owner_id,
        balances.period_start,
        balances.is_complete,
        balances.is_final,
        balances.customers_at_open,
        balances.customers_by_account,
        coalesce(lost.lost_customers, 0) as lost_customers,
        coalesce(lost.returned_since, 0) as returned_since,
        cast(coalesce(lost.annual_revenue_lost, 0) as decimal(18, 2)) as annual_revenue_lost,
        cast(
            sum(balances.customers_at_open) over company as bigint
        ) as company_customers_at_open,
        cast(
            sum(coalesce(lost.lost_customers, 0)) over company as bigint
        ) as company_lost_customers
    from balances
    left join lost
        on
        balances.grain = lost.grain
        and balances.owner_id = lost.owner_id
        and balances.period_number = lost.period_number
    window company as (partition by balances.grain, balances.period_number)

),

final as (

    select
        counted.grain,
        counted.period_start,
        counted.owner_id as employee_id,
        employees.name as employee_name,
        employees.team,
        case
            when counted.owner_id = '(none)' or counted.customers_at_open = 0 then 'none'
            when counted.customers_by_account = counted.customers_at_open then 'account_owner'
            when counted.customers_by_account > 0 then 'both'
            else 'last_order'
        end as attribution,
        counted.customers_at_open,
        counted.customers_by_account,
        counted.lost_customers,
        case
            when counted.is_complete
                then {{ share('counted.lost_customers', 'counted.customers_at_open') }}
        end as lost_rate,
        case
            when counted.is_complete
                then {{ share('counted.lost_customers', 'counted.company_customers_at_open') }}
        end as company_lost_share,
        case
            when counted.is_complete
                then {{ share('counted.lost_customers', 'counted.company_lost_customers') }}
        end as share_of_losses,
        counted.company_customers_at_open,
        counted.company_lost_customers,
        counted.annual_revenue_lost,
        counted.returned_since,
        counted.is_complete,
        counted.is_final,
        counted.customers_at_open < {{ var('small_cell_size') }} as is_small
    from counted
    left join employees
        on counted.owner_id = employees.employee_id

)

select * from final
