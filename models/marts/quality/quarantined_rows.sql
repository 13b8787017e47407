-- One row per refused row and rule it broke; personal values only as type and length (definitions
-- §9). healed_at says when a later version of the row was accepted. Reads the refresh's own records
-- straight from staging: there is nothing in between to decide.
with

quarantined_rows as (

    select
        refresh_id,
        input,
        file,
        coalesce(line, 0) as line,
        row_key,
        rule,
        column_name,
        value,
        refused_at,
        healed_at
    from {{ ref('stg_ops_quarantined_rows') }}
    -- a line may break one rule in several places
    qualify
        row_number() over (
            partition by refresh_id, input, file, coalesce(line, 0), rule
            order by refused_at asc nulls last, value asc nulls last
        ) = 1

),

final as (

    select
        refresh_id,
        input,
        file,
        line,
        row_key,
        rule,
        column_name,
        value,
        refused_at,
        healed_at
    from quarantined_rows

)

select * from final
