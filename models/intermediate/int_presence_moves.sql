-- One row per person, basis, grain, dimension and period at whose open and close the person is
-- there under two different values (E92). A value that only stood in between is not seen; one that
-- changed and changed back is no move.
with

customer_dimensions as (

    select
        customer_id,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('customer_dimensions') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

presence_periods as (

    select
        customer_id,
        basis,
        grain,
        first_close,
        last_close,
        previous_close
    from {{ ref('int_presence_periods') }}
    where first_close <= last_close

),

value_changes as (

    select
        earlier.customer_id,
        earlier.dimension,
        later.valid_from as changed_on,
        earlier.value as value_before,
        later.value as value_after
    from customer_dimensions as earlier
    inner join customer_dimensions as later
        on
        earlier.customer_id = later.customer_id
        and earlier.dimension = later.dimension
        and earlier.valid_to = later.valid_from

),

numbered_changes as (

    select
        value_changes.customer_id,
        value_changes.dimension,
        dimension_grains.grain,
        {{ period_number('dimension_grains.grain', 'value_changes.changed_on') }} as period_number,
        value_changes.changed_on,
        value_changes.value_before,
        value_changes.value_after
    from value_changes
    inner join dimension_grains
        on value_changes.dimension = dimension_grains.dimension

),

period_changes as (

    select
        customer_id,
        dimension,
        grain,
        period_number,
        min_by(value_before, changed_on) as value_at_open,
        max_by(value_after, changed_on) as value_at_close
    from numbered_changes
    group by
        customer_id,
        dimension,
        grain,
        period_number

),

final as (

    select
        presence_periods.customer_id,
        presence_periods.basis,
        presence_periods.grain,
        period_changes.dimension,
        period_changes.period_number,
        period_changes.value_at_open,
        period_changes.value_at_close
    from period_changes
    inner join presence_periods
        on
        period_changes.customer_id = presence_periods.customer_id
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
