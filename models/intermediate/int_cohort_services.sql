-- One row per basis (subscriptions, any), member, grid and stretch of paid service that a close
-- sees: the first and the last age at whose close the member is in service. The close of the
-- running period is the cutoff.
{{ config(materialized='view') }}
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

horizons as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        last_age
    from {{ ref('int_cohort_horizons') }}
    where basis <> 'orders'

),

service_stretches as (

    select
        customer_id,
        served_from,
        served_to
    from {{ ref('int_service_stretches') }}

),

service_ages as (

    select
        horizons.basis,
        horizons.customer_id,
        horizons.first_day,
        horizons.grid,
        horizons.last_age,
        {{ cohort_age('grid', 'first_day', 'service_stretches.served_from') }} as from_age,
        case
            when service_stretches.served_to is null
                then {{ cohort_age('grid', 'first_day', 'cutoff.cutoff_day') }}
            else {{ cohort_age('grid', 'first_day', 'service_stretches.served_to') }} - 1
        end as to_age
    from horizons
    inner join service_stretches
        on horizons.customer_id = service_stretches.customer_id
    cross join cutoff

),

final as (

    select
        basis,
        customer_id,
        first_day,
        grid,
        last_age,
        from_age,
        to_age
    from service_ages
    where from_age <= to_age

)

select * from final
