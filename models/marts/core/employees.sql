-- One row per employee delivered. hourly_cost is in reporting currency.
with

employees as (

    select
        employee_id,
        source_name,
        name,
        team,
        role,
        active_from,
        active_to,
        hourly_cost
    from {{ ref('int_employees_known') }}

),

final as (

    select
        employee_id,
        source_name,
        name,
        team,
        role,
        active_from,
        active_to,
        hourly_cost
    from employees

)

select * from final
