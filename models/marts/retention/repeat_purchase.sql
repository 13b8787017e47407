-- One row per number n of a purchase occasion: who reached the nth, who went on to the next, and
-- the days in between (definitions §3). The last row is open: its days are of all later steps too.
-- repeat_rate is not final, as time goes on; window_repeat_rate counts only who had enough of it.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

occasions as (

    select
        occasion_number,
        occasion_on,
        next_occasion_on
    from {{ ref('int_purchase_occasions') }}

),

steps as (

    select
        least(
            occasions.occasion_number, {{ var('repeat_max_order_number') }}
        ) as order_number,
        occasions.occasion_number <= {{ var('repeat_max_order_number') }} as is_own_step,
        {{ days_between('occasions.occasion_on', 'occasions.next_occasion_on') }} as gap_days,
        {{ days_between('occasions.occasion_on', 'data_cutoff.cutoff_day') }} as observed_days
    from occasions
    cross join data_cutoff

),

counted as (

    select
        order_number,
        count(*) filter (where is_own_step) as customers,
        count(gap_days) filter (where is_own_step) as reached_next,
        count(*) filter (
            where is_own_step and observed_days >= {{ var('repeat_window_days') }}
        ) as eligible,
        count(*) filter (
            where
            is_own_step
            and observed_days >= {{ var('repeat_window_days') }}
            and gap_days <= {{ var('repeat_window_days') }}
        ) as eligible_reached_next,
        count(gap_days) as gaps,
        percentile_cont(0.25) within group (
            order by cast(gap_days as double) nulls last
        ) as lower_quartile_days,
        percentile_cont(0.5) within group (
            order by cast(gap_days as double) nulls last
        ) as median_days,
        percentile_cont(0.75) within group (
            order by cast(gap_days as double) nulls last
        ) as upper_quartile_days
    from steps
    group by order_number

),

final as (

    select
        cast(order_number as integer) as order_number,
        cast({{ var('repeat_window_days') }} as integer) as window_days,
        customers,
        reached_next,
        eligible,
        eligible_reached_next,
        gaps,
        {{ share('customers', 'max(customers) over ()') }} as reached_rate,
        {{ share('reached_next', 'customers') }} as repeat_rate,
        {{ share('eligible_reached_next', 'eligible') }} as window_repeat_rate,
        {{ wilson_low('eligible_reached_next', 'eligible') }} as window_repeat_rate_low,
        {{ wilson_high('eligible_reached_next', 'eligible') }} as window_repeat_rate_high,
        lower_quartile_days,
        median_days,
        upper_quartile_days,
        order_number = {{ var('repeat_max_order_number') }} as is_open_class,
        eligible < {{ var('small_cell_size') }} as is_small
    from counted

)

select * from final
