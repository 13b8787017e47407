-- One row: the first local day of history, which is that of the first valid order or paid service,
-- and where history ends. No row while there is neither.
with

data_cutoff as (

    select
        cutoff_day,
        data_cutoff
    from {{ ref('int_data_cutoff') }}

),

beginnings as (

    select min(ordered_on) as first_day
    from {{ ref('orders') }}
    where is_valid

    union all

    select min(starts_on) as first_day
    from {{ ref('subscription_periods') }}
    where is_paid

),

first_days as (

    select min(first_day) as first_day
    from beginnings

),

final as (

    select
        first_days.first_day,
        data_cutoff.cutoff_day,
        data_cutoff.data_cutoff
    from first_days
    cross join data_cutoff
    where first_days.first_day is not null

)

select * from final
