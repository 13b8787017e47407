-- One row per basis (subscriptions, any), member, grid of ages and stretch of paid service that a
-- close sees: the first and the last age at whose close the member is in service. The close of the
-- running age is the cutoff. Who has entered subscriptions alone is there once, for both bases.
{{ config(materialized='view') }}
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

members as (

    select
        basis,
        customer_id,
        first_day,
        last_window
    from {{ ref('int_cohort_members') }}
    where basis <> 'orders' and (basis <> 'any' or not is_only_basis)

),

service_stretches as (

    select
        customer_id,
        served_from,
        served_to
    from {{ ref('int_service_stretches') }}

),

grids as (

    select 'week' as grid

    union all

    select 'month' as grid

    union all

    select 'quarter' as grid

    union all

    select 'year' as grid

    union all

    select 'elapsed_30d' as grid

),

service_ages as (

    select
        members.basis,
        members.customer_id,
        members.first_day,
        members.last_window,
        grids.grid,
        {{ cohort_age('grid', 'first_day', 'service_stretches.served_from') }} as from_age,
        case
            when service_stretches.served_to is null
                then {{ cohort_age('grid', 'first_day', 'cutoff.cutoff_day') }}
            else {{ cohort_age('grid', 'first_day', 'service_stretches.served_to') }} - 1
        end as to_age
    from members
    inner join service_stretches
        on members.customer_id = service_stretches.customer_id
    cross join grids
    cross join cutoff

),

final as (

    select
        basis,
        customer_id,
        first_day,
        last_window,
        grid,
        from_age,
        to_age
    from service_ages
    where from_age <= to_age

)

select * from final
