-- One row per fit of the purchase models: current, on all that is known, and backtest, on the first
-- part of it (half, at most 52 weeks left out), which is judged by the rest. Says up to which day,
-- how far ahead, and why it is refused (definitions §5). No row while nobody has bought.
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

occasions as (

    select
        occasion_on,
        occasion_number
    from {{ ref('int_purchase_occasions') }}

),

occasion_days as (

    select
        occasion_on,
        count_if(occasion_number = 1) as first_purchases,
        count_if(occasion_number = 3) as third_purchases
    from occasions
    group by occasion_on

),

history as (

    select
        min(occasion_days.occasion_on) as first_day,
        max(cutoff.cutoff_day) as cutoff_day
    from occasion_days
    cross join cutoff
    having count(*) > 0

),

fits as (

    select
        'current' as fit,
        first_day,
        cutoff_day as fitted_through,
        364 as horizon_days
    from history

    union all

    select
        'backtest' as fit,
        first_day,
        {{ add_days('cutoff_day', '-least(364, ' ~ days_between('first_day', 'cutoff_day')
            ~ ' - cast(floor(cast(' ~ days_between('first_day', 'cutoff_day')
            ~ ' as double) / 2) as integer))') }} as fitted_through,
        least(
            364,
            {{ days_between('first_day', 'cutoff_day') }}
            - cast(
                floor(cast({{ days_between('first_day', 'cutoff_day') }} as double) / 2) as integer
            )
        ) as horizon_days
    from history

),

known as (

    select
        fits.fit,
        fits.first_day,
        fits.fitted_through,
        fits.horizon_days,
        {{ days_between('fits.first_day', 'fits.fitted_through') }} as history_days,
        max(occasion_days.occasion_on) as last_purchase_on,
        cast(sum(occasion_days.first_purchases) as bigint) as buyers,
        cast(sum(occasion_days.third_purchases) as bigint) as three_time_buyers
    from fits
    inner join occasion_days
        on fits.fitted_through >= occasion_days.occasion_on
    group by
        fits.fit,
        fits.first_day,
        fits.fitted_through,
        fits.horizon_days

),

final as (

    select
        fit,
        fitted_through,
        horizon_days,
        cast({{ var('discount_rate') }} as double) as discount_rate,
        buyers,
        three_time_buyers,
        history_days,
        last_purchase_on,
        case
            when buyers < {{ var('prediction_min_buyers') }}
                then 'fewer than {{ var("prediction_min_buyers") }} buyers'
            when history_days < {{ var('prediction_min_history_days') }}
                then 'less than {{ var("prediction_min_history_days") }} days of history'
            when
                {{ days_between('last_purchase_on', 'fitted_through') }}
                >= {{ var('prediction_max_silent_days') }}
                then 'no order in the last {{ var("prediction_max_silent_days") }} days'
            when three_time_buyers < {{ var('prediction_min_three_time_buyers') }}
                then 'too few people with 3 orders: fewer than '
                    || '{{ var("prediction_min_three_time_buyers") }}'
        end as reason
    from known

)

select * from final
