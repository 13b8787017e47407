-- One row per basis, segment and period for which seeds/goals has a goal, and in which somebody had
-- ever come: who was there at the open, came, left, is there at the close. The same sums as
-- retention.retention_rates, for these few cells.
with

goals as (

    select distinct
        basis,
        dimension,
        value,
        grain,
        period_start
    from {{ ref('goals') }}

),

periods as (

    select
        grain,
        period_number,
        period_start
    from {{ ref('int_periods') }}

),

retention_flows as (

    select
        grain,
        basis,
        dimension,
        value,
        period_number,
        new,
        returned,
        lost,
        moved_in,
        moved_out
    from {{ ref('int_retention_flows') }}

),

cells as (

    select
        goals.basis,
        goals.dimension,
        goals.value,
        goals.grain,
        goals.period_start,
        periods.period_number
    from goals
    inner join periods
        on
        goals.grain = periods.grain
        and goals.period_start = periods.period_start

),

final as (

    select
        cells.basis,
        cells.dimension,
        cells.value,
        cells.grain,
        cells.period_start,
        cast(sum(
            case
                when retention_flows.period_number < cells.period_number
                    then
                        retention_flows.new + retention_flows.returned + retention_flows.moved_in
                        - retention_flows.lost - retention_flows.moved_out
                else 0
            end
        ) as bigint) as opening,
        {% for flow in ['new', 'returned', 'lost'] %}
            cast(sum(
                case
                    when retention_flows.period_number = cells.period_number
                        then retention_flows.{{ flow }}
                    else 0
                end
            ) as bigint) as {{ flow }},
        {% endfor %}
        cast(sum(
            retention_flows.new + retention_flows.returned + retention_flows.moved_in
            - retention_flows.lost - retention_flows.moved_out
        ) as bigint) as closing
    from cells
    inner join retention_flows
        on
        cells.basis = retention_flows.basis
        and cells.dimension = retention_flows.dimension
        and cells.value = retention_flows.value
        and cells.grain = retention_flows.grain
        and cells.period_number >= retention_flows.period_number
    group by
        cells.basis,
        cells.dimension,
        cells.value,
        cells.grain,
        cells.period_start

)

select * from final
