-- One row per refresh and model or seed that it built; the last refreshes only.
with

model_timings as (

    select
        refresh_id,
        model,
        seconds,
        rows
    from {{ source('ops', 'model_timings') }}

),

final as (

    select * from model_timings

)

select * from final
