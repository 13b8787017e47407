-- One row per month end at which contacts are looked back on: the last 12 whose days after are over
-- (definitions §8, contact_pressure).
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

periods as (

    select {{ add_days('period_end', -1) }} as observed_on
    from {{ ref('int_periods') }}
    where grain = 'month'

),

final as (

    select periods.observed_on
    from periods
    cross join data_cutoff
    where
        {{ add_days('periods.observed_on', var('contact_outcome_days')) }}
        <= data_cutoff.cutoff_day
    qualify row_number() over (order by periods.observed_on desc nulls last) <= 12

)

select * from final
