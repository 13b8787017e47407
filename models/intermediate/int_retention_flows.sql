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

flows as (

    select
        presence_events.grain,
        presence_events.basis,
        dimension_grains.dimension,
        customer_dimensions.value,
        presence_events.period_number,
        presence_events.event,
        count(*) as people
    from presence_events
    inner join dimension_grains
        on presence_events.grain = dimension_grains.grain
    inner join customer_dimensions
        on
        presence_events.customer_id = customer_dimensions.customer_id
        and dimension_grains.dimension = customer_dimensions.dimension
        and presence_events.valued_on >= customer_dimensions.valid_from
        and (
            customer_dimensions.valid_to is null
            or presence_events.valued_on < customer_dimensions.valid_to
        )
    group by
        presence_events.grain,
        presence_events.basis,
        dimension_grains.dimension,
        customer_dimensions.value,
        presence_events.period_number,
        presence_events.event

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
