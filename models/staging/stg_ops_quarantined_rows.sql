-- One row per refused row and rule it broke.
with

quarantined_rows as (

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
    from {{ source('ops', 'quarantined_rows') }}

),

final as (

    select * from quarantined_rows

)

select * from final
