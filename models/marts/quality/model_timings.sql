-- One row per refresh and model or seed that it built (definitions §9): how long it ran and how
-- many rows it holds, of the last sixty refreshes. The refresh adds its own before it publishes.
with

model_timings as (

    select
        refresh_id,
        model,
        seconds,
        rows
    from {{ ref('stg_ops_model_timings') }}

),

final as (

    select
        refresh_id,
        model,
        seconds,
        rows
    from model_timings

)

select * from final
