-- One row per fit, frequency, recency and age: how many people are like that. All that BG/NBD and
-- MBG/NBD are fitted on, so that the cost of a fit does not grow with people.
with

summaries as (

    select
        fit,
        frequency,
        recency_days,
        age_days
    from {{ ref('int_purchase_summaries') }}

),

final as (

    select
        fit,
        frequency,
        recency_days,
        age_days,
        count(*) as people
    from summaries
    group by
        fit,
        frequency,
        recency_days,
        age_days

)

select * from final
