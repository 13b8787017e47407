-- One row per refresh and check of an input.
with

input_checks as (

    select
        refresh_id,
        check_id,
        input,
        column_name,
        rule,
        severity,
        is_success,
        rows_checked,
        rows_failed,
        observed,
        expected,
        examples,
        message,
        checked_at
    from {{ source('ops', 'input_checks') }}

),

final as (

    select * from input_checks

)

select * from final
