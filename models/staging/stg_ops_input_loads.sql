-- One row per delivered file and refresh that read it.
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
    from {{ source('ops', 'input_loads') }}

),

final as (

    select * from input_loads

)

select * from final
