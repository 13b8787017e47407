-- One row per person, basis, grain, dimension and period at whose open and close the person is
-- there under two different values (E92). A value that only stood in between is not seen; one that
-- changed and changed back is no move. Who has one basis only counts in any as well (int_presence).
with

changes as (

    select
        person_number,
        value_number as value_after,
        previous_value_number as value_before,
        valid_from as changed_on
    from {{ ref('int_value_spells') }}
    where previous_value_number is not null

),

value_numbers as (

    select
        value_number,
        dimension
    from {{ ref('int_value_numbers') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

presence_periods as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        first_close,
        last_close,
        previous_close
    from {{ ref('int_presence_periods') }}
    where first_close <= last_close

),

numbered_changes as (

    select
        changes.person_number,
        value_numbers.dimension,
        dimension_grains.grain,
        {{ period_number('dimension_grains.grain', 'changes.changed_on') }} as period_number,
        changes.changed_on,
        changes.value_before,
        changes.value_after
    from changes
    inner join value_numbers
        on changes.value_after = value_numbers.value_number
    inner join dimension_grains
        on value_numbers.dimension = dimension_grains.dimension

),

period_changes as (

    select
        person_number,
        dimension,
        grain,
        period_number,
        min_by(value_before, changed_on) as value_at_open,
        max_by(value_after, changed_on) as value_at_close
    from numbered_changes
    group by
        person_number,
        dimension,
        grain,
        period_number

),

final as (

    select
        presence_periods.person_number,
        presence_periods.basis,
        presence_periods.is_only_basis,
        presence_periods.grain,
        period_changes.dimension,
        period_changes.period_number,
        period_changes.value_at_open,
        period_changes.value_at_close
    from period_changes
    inner join presence_periods
        on
        period_changes.person_number = presence_periods.person_number
        and period_changes.grain = presence_periods.grain
        and period_changes.period_number
        between presence_periods.first_close and presence_periods.last_close
    where
        period_changes.value_at_open <> period_changes.value_at_close
        and (
            presence_periods.first_close < period_changes.period_number
            or presence_periods.previous_close = period_changes.period_number - 1
        )

)

select * from final
