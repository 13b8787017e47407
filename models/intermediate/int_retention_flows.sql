-- One row per grain, basis, dimension, value and period in which something happened: the people who
-- came, left and moved. Additive over values (moved_in and moved_out cancel) and, but for moves,
-- over periods.
{% set events = [
    'new', 'returned', 'lost', 'transient', 'intra_period_lapse', 'moved_in', 'moved_out'
] %}
with

presence_events as (

    select
        person_number,
        basis,
        is_only_basis,
        grain,
        period_number,
        event,
        valued_on
    from {{ ref('int_presence_events') }}

),

presence_moves as (

    select
        basis,
        is_only_basis,
        grain,
        period_number,
        value_at_open,
        value_at_close
    from {{ ref('int_presence_moves') }}

),

dimension_spells as (

    select
        person_number,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}

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
        dimension_spells.person_number,
        dimension_grains.grain,
        value_numbers.value_number,
        dimension_spells.valid_from,
        dimension_spells.valid_to
    from dimension_spells
    inner join value_numbers
        on
        dimension_spells.dimension = value_numbers.dimension
        and dimension_spells.value = value_numbers.value
    inner join dimension_grains
        on dimension_spells.dimension = dimension_grains.dimension

),

counted as (

    select
        presence_events.grain,
        presence_events.basis,
        presence_events.is_only_basis,
        spells.value_number,
        presence_events.period_number,
        presence_events.event,
        count(*) as people
    from presence_events
    inner join spells
        on
        presence_events.person_number = spells.person_number
        and presence_events.grain = spells.grain
        and presence_events.valued_on >= spells.valid_from
        and (spells.valid_to is null or presence_events.valued_on < spells.valid_to)
    group by
        presence_events.grain,
        presence_events.basis,
        presence_events.is_only_basis,
        spells.value_number,
        presence_events.period_number,
        presence_events.event

    union all

    select
        grain,
        basis,
        is_only_basis,
        value_at_open as value_number,
        period_number,
        'moved_out' as event,
        count(*) as people
    from presence_moves
    group by
        grain,
        basis,
        is_only_basis,
        value_at_open,
        period_number

    union all

    select
        grain,
        basis,
        is_only_basis,
        value_at_close as value_number,
        period_number,
        'moved_in' as event,
        count(*) as people
    from presence_moves
    group by
        grain,
        basis,
        is_only_basis,
        value_at_close,
        period_number

),

-- who has one basis only counts in any as well
flows as (

    select
        grain,
        basis,
        value_number,
        period_number,
        event,
        people
    from counted

    union all

    select
        grain,
        'any' as basis,
        value_number,
        period_number,
        event,
        people
    from counted
    where is_only_basis

),

final as (

    select
        flows.grain,
        flows.basis,
        value_numbers.dimension,
        value_numbers.value,
        flows.period_number,
        {% for event in events %}
            cast(
                coalesce(sum(flows.people) filter (where flows.event = '{{ event }}'), 0) as bigint
            ) as {{ event }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from flows
    inner join value_numbers
        on flows.value_number = value_numbers.value_number
    group by
        flows.grain,
        flows.basis,
        value_numbers.dimension,
        value_numbers.value,
        flows.period_number

)

select * from final
