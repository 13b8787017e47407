-- One row per basis, member of a cohort and grid of ages: the last age at which the member counts.
-- In calendar grids everybody counts to max_age; in the elapsed grid only ages whose window lies
-- wholly before the cutoff count, and nobody is followed before the first window is over (last_age
-- -1).
{{ config(materialized='view') }}
with

members as (

    select
        basis,
        customer_id,
        first_day,
        observed_days
    from {{ ref('int_cohort_members') }}

),

grids as (

    select
        'week' as grid,
        {{ var('max_age_weeks') }} as max_age
    union all
    select
        'month' as grid,
        {{ var('max_age_months') }} as max_age
    union all
    select
        'quarter' as grid,
        {{ var('max_age_quarters') }} as max_age
    union all
    select
        'year' as grid,
        {{ var('max_age_years') }} as max_age
    union all
    select
        'elapsed_30d' as grid,
        {{ var('max_age_months') }} as max_age

),

final as (

    select
        members.basis,
        members.customer_id,
        members.first_day,
        grids.grid,
        case
            when grids.grid = 'elapsed_30d'
                then least(
                        cast(floor(cast(members.observed_days as double) / 30) as integer) - 1,
                        grids.max_age
                    )
            else grids.max_age
        end as last_age
    from members
    cross join grids

)

select * from final
