-- One row per published cell of a final period and measure that a later refresh changed.
with

restatements as (

    select
        refresh_id,
        mart,
        cell,
        measure,
        as_first_published,
        as_published_before,
        as_now,
        cause,
        restated_at
    from {{ source('ops', 'restatements') }}

),

final as (

    select * from restatements

)

select * from final
