-- One row per person of the backtest: what came in the part left out, and what would have come at
-- the person's own rate until then (repeat days ÷ age; nothing of who first bought on its last
-- day).
with

fits as (

    select
        fit,
        horizon_days
    from {{ ref('int_value_fits') }}
    where fit = 'backtest'

),

summaries as (

    select
        fit,
        customer_id,
        frequency,
        age_days,
        repeat_revenue,
        later_purchase_days,
        later_revenue
    from {{ ref('int_purchase_summaries') }}

),

final as (

    select
        summaries.customer_id,
        coalesce(
            cast(summaries.frequency as double) * cast(fits.horizon_days as double)
            / nullif(cast(summaries.age_days as double), 0),
            0
        ) as rate_purchase_days,
        coalesce(
            cast(summaries.repeat_revenue as double) * cast(fits.horizon_days as double)
            / nullif(cast(summaries.age_days as double), 0),
            0
        ) as rate_revenue,
        summaries.later_purchase_days,
        summaries.later_revenue
    from summaries
    inner join fits
        on summaries.fit = fits.fit

)

select * from final
