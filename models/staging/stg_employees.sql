-- One row per employee.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

employees as (

    select
        _source as source_name,
        employee_id,
        name,
        team,
        role,
        hourly_cost,
        active_from,
        active_to
    from {{ source('landing', 'employees') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from employees

)

select * from final
