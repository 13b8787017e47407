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

value_spells as (

    select
        person_number,
        value_number,
        has_weeks,
        has_months,
        has_quarters,
        has_years,
        valid_from,
        valid_to
    from {{ ref('int_value_spells') }}

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

-- events that count in the same place, numbered: the large sum groups by two numbers
places as (

    select
        grain,
        basis,
        is_only_basis,
        period_number,
        event,
        row_number() over (
            order by
                grain nulls first,
                basis nulls first,
                is_only_basis nulls first,
                period_number nulls first,
                event nulls first
        ) as place
    from {{ ref('int_presence_events') }}
    group by
        grain,
        basis,
        is_only_basis,
        period_number,
        event

),

placed_events as (

    select
        presence_events.person_number,
        presence_events.valued_on,
        presence_events.grain = 'week' as is_week,
        presence_events.grain = 'month' as is_month,
        presence_events.grain = 'quarter' as is_quarter,
        presence_events.grain = 'year' as is_year,
        cast(places.place as integer) as place
    from presence_events
    inner join places
        on
        presence_events.grain = places.grain
        and presence_events.basis = places.basis
        and presence_events.is_only_basis = places.is_only_basis
        and presence_events.period_number = places.period_number
        and presence_events.event = places.event

),

-- an event counts under the values of its day, in the dimensions that are built at its grain. Few
-- are built by week and year: two joins, so that those events meet no other
place_sums as (

    {% for grain, other_grain in [('week', 'year'), ('month', 'quarter')] %}
        select
            placed_events.place,
            value_spells.value_number,
            count(*) as people
        from placed_events
        inner join value_spells
            on
            placed_events.person_number = value_spells.person_number
            and placed_events.valued_on >= value_spells.valid_from
            and (
                value_spells.valid_to is null
                or placed_events.valued_on < value_spells.valid_to
            )
            and (value_spells.has_{{ grain }}s or placed_events.is_{{ other_grain }})
            and (value_spells.has_{{ other_grain }}s or placed_events.is_{{ grain }})
        where
            (placed_events.is_{{ grain }} or placed_events.is_{{ other_grain }})
            and (value_spells.has_{{ grain }}s or value_spells.has_{{ other_grain }}s)
        group by
            placed_events.place,
            value_spells.value_number
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

counted as (

    select
        places.grain,
        places.basis,
        places.is_only_basis,
        place_sums.value_number,
        places.period_number,
        places.event,
        place_sums.people
    from place_sums
    inner join places
        on place_sums.place = places.place

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
