-- One row per person, basis, stretch of presence and grain: the first and the last period at whose
-- close the person is there, and the nearest such closes of the person's stretches before and
-- after. Where last_close lies before first_close, the stretch begins and ends inside one period
-- and no close sees it. Who has one basis only counts in any as well (int_presence).
with

stretches as (

    select
        person_number,
        basis,
        is_only_basis,
        first_day,
        present_from,
        present_to
    from {{ ref('int_presence') }}

),

-- the close of the running period is the cutoff
running_periods as (

    select
        grain,
        period_number as running_period
    from {{ ref('int_periods') }}
    where is_running

),

closes as (

    select
        stretches.person_number,
        stretches.basis,
        stretches.is_only_basis,
        running_periods.grain,
        stretches.present_from,
        {{ period_number('running_periods.grain', 'stretches.first_day') }} as first_period,
        {{ period_number('running_periods.grain', 'stretches.present_from') }} as first_close,
        case
            when stretches.present_to is null then running_periods.running_period
            else {{ period_number('running_periods.grain', 'stretches.present_to') }} - 1
        end as last_close,
        running_periods.running_period
    from stretches
    cross join running_periods

),

final as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        present_from,
        first_period,
        first_close,
        last_close,
        running_period,
        max(case when first_close <= last_close then last_close end) over (
            partition by person_number, basis, grain
            order by present_from nulls first
            rows between unbounded preceding and 1 preceding
        ) as previous_close,
        min(case when first_close <= last_close then first_close end) over (
            partition by person_number, basis, grain
            order by present_from nulls first
            rows between 1 following and unbounded following
        ) as next_close
    from closes

)

select * from final
