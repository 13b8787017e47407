-- One row per delivered input and source.
with

feeds as (

    select
        input,
        source as source_name,
        first_delivered_at,
        last_delivered_at,
        loaded_through
    from {{ source('ops', 'feeds') }}

),

final as (

    select * from feeds

)

select * from final
