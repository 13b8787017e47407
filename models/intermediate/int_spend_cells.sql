-- One row per fit, frequency and money of the repeat days, of people with repeat days: how many are
-- like that. All that Gamma-Gamma is fitted on.
with

summaries as (

    select
        fit,
        frequency,
        repeat_revenue
    from {{ ref('int_purchase_summaries') }}
    where frequency > 0

),

final as (

    select
        fit,
        frequency,
        repeat_revenue,
        count(*) as people
    from summaries
    group by
        fit,
        frequency,
        repeat_revenue

)

select * from final
