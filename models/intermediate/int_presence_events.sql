-- One row per person, basis, grain, period and thing that happened to the presence in it: new,
-- returned, lost, transient (no close sees it), intra_period_lapse (at both ends, lost inside).
-- valued_on is the day whose value it counts under (E92): the last of the period for new and
-- returned, the one before it for lost and intra_period_lapse, the day of entry for transient.
with

presence_periods as (

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
        previous_close,
        next_close
    from {{ ref('int_presence_periods') }}

),

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

seen as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        first_period,
        first_close,
        last_close,
        running_period,
        previous_close,
        next_close
    from presence_periods
    where first_close <= last_close

),

entries as (

    select
        seen.person_number,
        seen.basis,
        seen.is_only_basis,
        seen.grain,
        seen.first_close as period_number,
        case
            when seen.first_period = seen.first_close then 'new'
            else 'returned'
        end as event,
        least(
            {{ add_days(period_first_day('seen.grain', '(seen.first_close + 1)'), -1) }},
            cutoff.cutoff_day
        ) as valued_on
    from seen
    cross join cutoff
    where seen.previous_close is null or seen.previous_close < seen.first_close - 1

),

exits as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        last_close + 1 as period_number,
        'lost' as event,
        {{ add_days(period_first_day('grain', '(last_close + 1)'), -1) }} as valued_on
    from seen
    where
        last_close < running_period
        and (next_close is null or next_close > last_close + 1)

),

lapses as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        first_close as period_number,
        'intra_period_lapse' as event,
        {{ add_days(period_first_day('grain', 'first_close'), -1) }} as valued_on
    from seen
    where previous_close = first_close - 1

),

transients as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        first_close as period_number,
        'transient' as event,
        min(present_from) as valued_on
    from presence_periods
    where
        last_close < first_close
        and previous_close is distinct from first_close - 1
        and next_close is distinct from first_close
    group by
        person_number,
        basis,
        is_only_basis,
        grain,
        first_close

),

final as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        period_number,
        event,
        valued_on
    from entries

    union all

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        period_number,
        event,
        valued_on
    from exits

    union all

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        period_number,
        event,
        valued_on
    from lapses

    union all

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        period_number,
        event,
        valued_on
    from transients

)

select * from final
