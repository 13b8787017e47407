-- One row per refresh and published cell of a final period and measure that it changed (definitions
-- §9): what was first published, what stands now, and what made it. The refresh compares what the
-- models built with what stands published, and adds its own rows before it publishes.
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
    from {{ ref('stg_ops_restatements') }}

),

final as (

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
    from restatements

)

select * from final
