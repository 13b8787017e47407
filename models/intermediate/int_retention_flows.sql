-- One row per grain, basis, dimension, value and period in which something happened: the people who
-- came, left and moved. Additive over values (moved_in and moved_out cancel) and, but for moves,
-- over periods.
{% set events = [
    'new', 'returned', 'lost', 'transient', 'intra_period_lapse', 'moved_in', 'moved_out'
] %}
with

presence_events as (

    select
        customer_id,
        basis,
        grain,
        period_number,
        event,
        valued_on
    from {{ ref('int_presence_events') }}

),

presence_moves as (

    select
        basis,
        grain,
        dimension,
        period_number,
        value_at_open,
        value_at_close
    from {{ ref('int_presence_moves') }}

),

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

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

-- the values a person's events can count under, by grain
spells as (

    select
        customer_dimensions.customer_id,
        dimension_grains.grain,
        value_numbers.value_number,
        customer_dimensions.valid_from,
        customer_dimensions.valid_to
    from customer_dimensions
    inner join value_numbers
        on
        customer_dimensions.dimension = value_numbers.dimension
        and customer_dimensions.value = value_numbers.value
    inner join dimension_grains
        on customer_dimensions.dimension = dimension_grains.dimension

),

counted_events as (

    select
        presence_events.grain,
        presence_events.basis,
        spells.value_number,
        presence_events.period_number,
        presence_events.event,
        count(*) as people
    from presence_events
    inner join spells
        on
        presence_events.customer_id = spells.customer_id
        and presence_events.grain = spells.grain
        and presence_events.valued_on >= spells.valid_from
        and (spells.valid_to is null or presence_events.valued_on < spells.valid_to)
    group by
        presence_events.grain,
        presence_events.basis,
        spells.value_number,
        presence_events.period_number,
        presence_events.event

),

flows as (

    select
        counted_events.grain,
        counted_events.basis,
        value_numbers.dimension,
        value_numbers.value,
        counted_events.period_number,
        counted_events.event,
        counted_events.people
    from counted_events
    inner join value_numbers
        on counted_events.value_number = value_numbers.value_number

    union all

    select
        grain,
        basis,
        dimension,
        value_at_open as value,
        period_number,
        'moved_out' as event,
        count(*) as people
    from presence_moves
    group by
        grain,
        basis,
        dimension,
        value_at_open,
        period_number

    union all

    select
        grain,
        basis,
        dimension,
        value_at_close as value,
        period_number,
        'moved_in' as event,
        count(*) as people
    from presence_moves
    group by
        grain,
        basis,
        dimension,
        value_at_close,
        period_number

),

final as (

    select
        grain,
        basis,
        dimension,
        value,
        period_number,
        {% for event in events %}
            cast(coalesce(sum(people) filter (where event = '{{ event }}'), 0) as bigint)
                as {{ event }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from flows
    group by
        grain,
        basis,
        dimension,
        value,
        period_number

)

select * from final
