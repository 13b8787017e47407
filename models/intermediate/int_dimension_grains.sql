-- One row per dimension and grain at which it is built (seeds/dimension_sets).
{{ config(materialized='view') }}
with

dimension_sets as (

    select
        dimension,
        is_week,
        is_month,
        is_quarter,
        is_year
    from {{ ref('dimension_sets') }}
    where position = 1

),

final as (

    select
        dimension,
        'week' as grain
    from dimension_sets
    where is_week

    union all

    select
        dimension,
        'month' as grain
    from dimension_sets
    where is_month

    union all

    select
        dimension,
        'quarter' as grain
    from dimension_sets
    where is_quarter

    union all

    select
        dimension,
        'year' as grain
    from dimension_sets
    where is_year

)

select * from final
