-- One row per person and stretch of local days in which they are not lost (basis any) and stay in
-- one tenure band and one value class. Both are read by their dimension's name: '(none)' where that
-- dimension is not built.
with

presence as (

    select
        person_number,
        present_from,
        coalesce(present_to, date '9999-12-31') as present_to
    from {{ ref('int_presence') }}
    where basis = 'any' or is_only_basis

),

tenure_spells as (

    select
        person_number,
        value as tenure_band,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension = 'tenure_band'

),

value_spells as (

    select
        person_number,
        value as value_class,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension = 'value_class'

),

by_tenure as (

    select
        presence.person_number,
        coalesce(tenure_spells.tenure_band, '(none)') as tenure_band,
        greatest(
            presence.present_from, coalesce(tenure_spells.valid_from, presence.present_from)
        ) as valid_from,
        least(
            presence.present_to, coalesce(tenure_spells.valid_to, presence.present_to)
        ) as valid_to
    from presence
    left join tenure_spells
        on
        presence.person_number = tenure_spells.person_number
        and presence.present_from < tenure_spells.valid_to
        and presence.present_to > tenure_spells.valid_from

),

by_value as (

    select
        by_tenure.person_number,
        by_tenure.tenure_band,
        coalesce(value_spells.value_class, '(none)') as value_class,
        greatest(
            by_tenure.valid_from, coalesce(value_spells.valid_from, by_tenure.valid_from)
        ) as valid_from,
        least(by_tenure.valid_to, coalesce(value_spells.valid_to, by_tenure.valid_to)) as valid_to
    from by_tenure
    left join value_spells
        on
        by_tenure.person_number = value_spells.person_number
        and by_tenure.valid_from < value_spells.valid_to
        and by_tenure.valid_to > value_spells.valid_from

),

final as (

    select
        person_number,
        tenure_band,
        value_class,
        valid_from,
        nullif(valid_to, date '9999-12-31') as valid_to
    from by_value
    where valid_from < valid_to

)

select * from final
