-- One row per person, dimension and stretch of time in which the dimension's value stays the same.
-- The value of a day is the one in effect at its end. Gap-free from the person's first day in any
-- basis; '(none)' where nothing is known. Crossed dimensions join their components' values by +.
-- Prospects are not there (E24).
with

members as (

    select
        customer_id,
        first_day
    from {{ ref('int_cohort_members') }}
    where basis = 'any'

),

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

dimension_sets as (

    select
        dimension,
        component,
        position,
        count(*) over (partition by dimension) as components
    from {{ ref('dimension_sets') }}

),

traits as (

    select distinct component as trait
    from dimension_sets

),

dimension_values as (

    select
        customer_id,
        trait,
        changed_on,
        value
    from {{ ref('int_dimension_values') }}

),

-- everybody has every trait from the first day on; what was said before that day holds on it
changes as (

    select
        members.customer_id,
        traits.trait,
        cast(null as date) as changed_on,
        members.first_day as effective_on,
        '(none)' as value
    from members
    cross join traits

    union all

    select
        dimension_values.customer_id,
        dimension_values.trait,
        dimension_values.changed_on,
        greatest(dimension_values.changed_on, members.first_day) as effective_on,
        coalesce(dimension_values.value, '(none)') as value
    from dimension_values
    inner join traits
        on dimension_values.trait = traits.trait
    inner join members
        on dimension_values.customer_id = members.customer_id
    cross join cutoff
    where dimension_values.changed_on <= cutoff.cutoff_day

),

values_at_day_end as (

    select
        customer_id,
        trait,
        effective_on,
        value
    from changes
    qualify
        lead(effective_on) over (
            partition by customer_id, trait
            order by effective_on nulls first, changed_on nulls first
        ) is distinct from effective_on

),

real_changes as (

    select
        customer_id,
        trait,
        effective_on,
        value
    from values_at_day_end
    qualify
        lag(value) over (
            partition by customer_id, trait
            order by effective_on nulls first
        ) is distinct from value

),

trait_spells as (

    select
        customer_id,
        trait,
        value,
        effective_on as valid_from,
        lead(effective_on) over (
            partition by customer_id, trait
            order by effective_on nulls first
        ) as valid_to
    from real_changes

),

single_spells as (

    select
        trait_spells.customer_id,
        dimension_sets.dimension,
        trait_spells.value,
        trait_spells.valid_from,
        trait_spells.valid_to
    from trait_spells
    inner join dimension_sets
        on trait_spells.trait = dimension_sets.component
    where dimension_sets.components = 1

),

crossed_starts as (

    select distinct
        trait_spells.customer_id,
        dimension_sets.dimension,
        trait_spells.valid_from
    from trait_spells
    inner join dimension_sets
        on trait_spells.trait = dimension_sets.component
    where dimension_sets.components > 1

),

crossed_values as (

    select
        crossed_starts.customer_id,
        crossed_starts.dimension,
        crossed_starts.valid_from,
        {{ join_text('trait_spells.value', '+', 'dimension_sets.position') }} as value
    from crossed_starts
    inner join dimension_sets
        on crossed_starts.dimension = dimension_sets.dimension
    inner join trait_spells
        on
        dimension_sets.component = trait_spells.trait
        and crossed_starts.customer_id = trait_spells.customer_id
        and crossed_starts.valid_from >= trait_spells.valid_from
        and (trait_spells.valid_to is null or crossed_starts.valid_from < trait_spells.valid_to)
    group by
        crossed_starts.customer_id,
        crossed_starts.dimension,
        crossed_starts.valid_from

),

crossed_spells as (

    select
        customer_id,
        dimension,
        value,
        valid_from,
        lead(valid_from) over (
            partition by customer_id, dimension
            order by valid_from nulls first
        ) as valid_to
    from crossed_values

),

final as (

    select
        customer_id,
        dimension,
        value,
        valid_from,
        valid_to
    from single_spells

    union all

    select
        customer_id,
        dimension,
        value,
        valid_from,
        valid_to
    from crossed_spells

)

select * from final
