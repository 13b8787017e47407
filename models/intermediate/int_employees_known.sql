-- One row per employee delivered, under their id in the marts. hourly_cost is in reporting
-- currency.
with

employees as (

    select
        source_name,
        employee_id,
        name,
        team,
        role,
        hourly_cost,
        active_from,
        active_to
    from {{ ref('stg_employees') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

final as (

    select
        prefixes.id_prefix || employees.employee_id as employee_id,
        employees.source_name,
        employees.name,
        employees.team,
        employees.role,
        employees.active_from,
        employees.active_to,
        employees.hourly_cost
    from employees
    inner join prefixes
        on employees.source_name = prefixes.source_name

)

select * from final
