-- One row per value class: what people who were never lost bought in the risk_horizon_days after a
-- past day of int_risk_days, per person and day; whom the won back are compared with (definitions
-- §7, After the return).
with

people as (

    select
        evaluation_on,
        person_number,
        occasions_so_far,
        revenue_so_far
    from {{ ref('int_risk_people') }}
    where not is_now and present_from = first_day

),

occasions as (

    select
        person_number,
        occasion_on,
        next_on,
        occasions_so_far,
        revenue_so_far
    from {{ ref('int_risk_occasions') }}

),

value_classes as (

    select
        person_number,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension = 'value_class'

),

followed as (

    select
        coalesce(value_classes.value, '(none)') as value_class,
        coalesce(later.occasions_so_far, 0) - people.occasions_so_far as orders,
        coalesce(later.revenue_so_far, 0) - coalesce(people.revenue_so_far, 0) as spend
    from people
    left join occasions as later
        on
        people.person_number = later.person_number
        and later.occasion_on
        <= {{ add_days('people.evaluation_on', var('risk_horizon_days')) }}
        and (
            later.next_on is null
            or later.next_on > {{ add_days('people.evaluation_on', var('risk_horizon_days')) }}
        )
    left join value_classes
        on
        people.person_number = value_classes.person_number
        and people.evaluation_on >= value_classes.valid_from
        and (
            value_classes.valid_to is null
            or people.evaluation_on < value_classes.valid_to
        )

),

final as (

    select
        value_class,
        count(*) as people,
        sum(orders) as orders,
        cast(sum(spend) as decimal(18, 2)) as spend
    from followed
    group by value_class

)

select * from final
