-- One row per refresh and check of an input, passed or not (definitions §9).
-- Reads the refresh's own records straight from staging: there is nothing in between to decide.
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
    from {{ ref('stg_ops_input_checks') }}

),

final as (

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
    from input_checks

)

select * from final
