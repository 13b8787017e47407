-- One row per person, dimension and stretch of time in which the dimension's value stays the same,
-- with the value before. The value of a day is the one in effect at its end. Gap-free from the
-- person's first day in any basis; '(none)' where nothing is known. Crossed dimensions join their
-- components' values by +. Prospects are not there (E24).
with

people as (

    select
        person_number,
        first_day
    from {{ ref('int_person_numbers') }}

),

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

-- imported twice: a CTE read twice is kept in memory
early_values as (

    select
        person_number,
        trait,
        coalesce(changed_on, date '0001-01-01') as changed_on,
        coalesce(value, '(none)') as value
    from {{ ref('int_dimension_values') }}

),

dated_values as (

    select
        person_number,
        trait,
        changed_on,
        coalesce(value, '(none)') as value
    from {{ ref('int_dimension_values') }}
    where changed_on is not null

),

dimension_sets as (

    select
        dimension,
        component,
        position,
        count(*) over (partition by dimension) as components
    from {{ ref('dimension_sets') }}

),

-- numbered, for the same reason as people are
traits as (

    select
        component as trait,
        cast(row_number() over (order by component nulls first) as integer) as trait_number
    from dimension_sets
    group by component

),

dimension_components as (

    select
        dimension_sets.dimension,
        dimension_sets.position,
        dimension_sets.components,
        traits.trait_number
    from dimension_sets
    inner join traits
        on dimension_sets.component = traits.trait

),

-- what was said before the first day holds on it: the latest word, else the one without a day
said_first as (

    select
        early_values.person_number,
        traits.trait_number,
        max_by(early_values.value, early_values.changed_on) as value
    from early_values
    inner join people
        on
        early_values.person_number = people.person_number
        and early_values.changed_on <= people.first_day
    inner join traits
        on early_values.trait = traits.trait
    group by
        early_values.person_number,
        traits.trait_number

),

-- everybody has every trait from the first day on
first_values as (

    select
        people.person_number,
        traits.trait_number,
        people.first_day as valid_from,
        coalesce(said_first.value, '(none)') as value
    from people
    cross join traits
    left join said_first
        on people.person_number = said_first.person_number
        and traits.trait_number = said_first.trait_number

),

later_values as (

    select
        dated_values.person_number,
        traits.trait_number,
        dated_values.changed_on as valid_from,
        dated_values.value
    from dated_values
    inner join people
        on
        dated_values.person_number = people.person_number
        and dated_values.changed_on > people.first_day
    inner join traits
        on dated_values.trait = traits.trait
    inner join cutoff
        on dated_values.changed_on <= cutoff.cutoff_day

),

-- a trait without a dated word changes for nobody and needs no chain: its first value is its only
-- spell
changing_traits as (

    select distinct traits.trait_number
    from {{ ref('int_dimension_values') }} as dimension_values
    inner join traits
        on dimension_values.trait = traits.trait
    where dimension_values.changed_on is not null

),

values_in_turn as (

    select
        first_values.person_number,
        first_values.trait_number,
        first_values.valid_from,
        first_values.value
    from first_values
    inner join changing_traits
        on first_values.trait_number = changing_traits.trait_number

    union all

    select
        person_number,
        trait_number,
        valid_from,
        value
    from later_values

),

-- a value said again is no change
changes as (

    select
        person_number,
        trait_number,
        valid_from,
        value,
        lag(value) over (
            partition by person_number, trait_number
            order by valid_from nulls first
        ) as previous_value
    from values_in_turn
    qualify previous_value is distinct from value

),

trait_spells as (

    select
        person_number,
        trait_number,
        value,
        previous_value,
        valid_from,
        lead(valid_from) over (
            partition by person_number, trait_number
            order by valid_from nulls first
        ) as valid_to
    from changes

    union all

    select
        first_values.person_number,
        first_values.trait_number,
        first_values.value,
        cast(null as string) as previous_value,
        first_values.valid_from,
        cast(null as date) as valid_to
    from first_values
    left join changing_traits
        on first_values.trait_number = changing_traits.trait_number
    where changing_traits.trait_number is null

),

single_spells as (

    select
        trait_spells.person_number,
        dimension_components.dimension,
        trait_spells.value,
        trait_spells.previous_value,
        trait_spells.valid_from,
        trait_spells.valid_to
    from trait_spells
    inner join dimension_components
        on trait_spells.trait_number = dimension_components.trait_number
    where dimension_components.components = 1

),

parts as (

    select
        trait_spells.person_number,
        dimension_components.dimension,
        dimension_components.position,
        trait_spells.value,
        trait_spells.valid_from,
        trait_spells.valid_to
    from trait_spells
    inner join dimension_components
        on trait_spells.trait_number = dimension_components.trait_number
    where dimension_components.components > 1

),

crossed_starts as (

    select distinct
        person_number,
        dimension,
        valid_from
    from parts

),

-- at most four components (assert_dimension_sets_are_consistent)
crossed_values as (

    select
        crossed_starts.person_number,
        crossed_starts.dimension,
        crossed_starts.valid_from,
        max(case when parts.position = 1 then parts.value end)
        {%- for position in [2, 3, 4] %}
            || coalesce(
                '+' || max(case when parts.position = {{ position }} then parts.value end), ''
            )
        {%- endfor %} as value
    from crossed_starts
    inner join parts
        on
        crossed_starts.person_number = parts.person_number
        and crossed_starts.dimension = parts.dimension
        and crossed_starts.valid_from >= parts.valid_from
        and (
            parts.valid_to is null
            or crossed_starts.valid_from < parts.valid_to
        )
    group by
        crossed_starts.person_number,
        crossed_starts.dimension,
        crossed_starts.valid_from

),

crossed_spells as (

    select
        person_number,
        dimension,
        value,
        lag(value) over (
            partition by person_number, dimension
            order by valid_from nulls first
        ) as previous_value,
        valid_from,
        lead(valid_from) over (
            partition by person_number, dimension
            order by valid_from nulls first
        ) as valid_to
    from crossed_values

),

final as (

    select
        person_number,
        dimension,
        value,
        previous_value,
        valid_from,
        valid_to
    from single_spells

    union all

    select
        person_number,
        dimension,
        value,
        previous_value,
        valid_from,
        valid_to
    from crossed_spells

)

select * from final
