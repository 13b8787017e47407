-- One row per delivered file and refresh that read it: rows_read = loaded + refused + superseded
-- (definitions §9). Reads the refresh's own records straight from staging: there is nothing in
-- between to decide.
with

input_loads as (

    select
        refresh_id,
        input,
        file,
        content_hash,
        bytes,
        format,
        encoding,
        rows_read,
        rows_loaded,
        rows_refused,
        rows_superseded,
        status,
        message,
        loaded_at
    from {{ ref('stg_ops_input_loads') }}

),

final as (

    select
        refresh_id,
        input,
        file,
        content_hash,
        bytes,
        format,
        encoding,
        rows_read,
        rows_loaded,
        rows_refused,
        rows_superseded,
        status,
        message,
        loaded_at
    from input_loads

)

select * from final
