-- One row per model (bg_nbd: purchase days; bg_nbd_gamma_gamma: net revenue) and decile of the
-- backtest, 1 the tenth of the people of whom most was predicted: what was predicted and what came
-- (definitions §5, Checks). Equal predictions share a decile. Additive over deciles.
with

fits as (

    select
        fitted_through,
        horizon_days
    from {{ ref('int_value_fits') }}
    where fit = 'backtest'

),

scores as (

    select
        predicted,
        score,
        people,
        buyers,
        actual
    from {{ ref('int_backtest_scores') }}
    where way = 'model' and predicted in ('purchase_days', 'revenue')

),

ranked as (

    select
        predicted,
        score,
        people,
        buyers,
        actual,
        sum(people) over (
            partition by predicted
            order by score desc nulls last
            rows between unbounded preceding and current row
        ) - people as people_above,
        sum(people) over (partition by predicted) as all_people
    from scores

),

deciles as (

    select
        predicted,
        cast(
            floor(
                1 + 10 * cast(people_above as double) / nullif(cast(all_people as double), 0)
            ) as integer
        ) as decile,
        score,
        people,
        buyers,
        actual
    from ranked

),

sums as (

    select
        predicted,
        decile,
        sum(people) as customers,
        sum(buyers) as buyers,
        cast(sum(cast(people * score as decimal(38, 9))) as double) as predicted_total,
        cast(sum(cast(actual as decimal(38, 9))) as double) as actual_total
    from deciles
    group by
        predicted,
        decile

),

final as (

    select
        case sums.predicted
            when 'revenue' then 'bg_nbd_gamma_gamma'
            else 'bg_nbd'
        end as model,
        sums.decile,
        cast(sums.customers as bigint) as customers,
        cast(sums.buyers as bigint) as buyers,
        sums.predicted_total,
        sums.actual_total,
        sums.predicted_total / nullif(cast(sums.customers as double), 0) as predicted_per_customer,
        sums.actual_total / nullif(cast(sums.customers as double), 0) as actual_per_customer,
        fits.fitted_through,
        {{ add_days('fits.fitted_through', 'fits.horizon_days') }} as judged_through,
        sums.customers < {{ var('small_cell_size') }} as is_small
    from sums
    cross join fits

)

select * from final
