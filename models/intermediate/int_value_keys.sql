-- One row per fit, frequency and age in days that somebody has: of whom is known what to expect
-- while alive. Those of the lost, on the day they were lost, stand under the current fit.
with

cells as (

    select
        fit,
        frequency,
        age_days
    from {{ ref('int_purchase_cells') }}

),

losses as (

    select
        frequency,
        age_days
    from {{ ref('int_lost_purchases') }}

),

final as (

    select
        fit,
        frequency,
        age_days
    from cells

    union distinct

    select
        'current' as fit,
        frequency,
        age_days
    from losses

)

select * from final
