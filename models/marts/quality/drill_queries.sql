-- One row per mart and measure: the query that lists who or what stands behind a cell. A reader
-- binds its named parameters to the cell's own columns. Each mart's queries stand in a model of
-- their own, int_drill_<mart>.
with

final as (

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_retention_rates') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_cohort_retention') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_lapse_curve') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_change_effect') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_onboarding_effect') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_first_experience') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_repeat_purchase') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_revenue_growth') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_revenue_concentration') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_revenue_retention') }}

    union all

    select
        mart,
        measure,
        description,
        parameters,
        adds_up_by,
        query
    from {{ ref('int_drill_lost_revenue') }}

)

select * from final
