-- One row per person and stretch of days with the same owner: the account's owner, else the
-- employee of the last valid order (definitions §7, By employee); attribution says which. The owner
-- of a day is the one at its end. Who never had one is not here.
with

dimension_values as (

    select
        person_number,
        changed_on,
        value
    from {{ ref('int_dimension_values') }}
    where trait = 'account_owner'

),

-- an order taken by nobody leaves who took the last one
dated as (

    select
        person_number,
        coalesce(changed_on, date '0001-01-01') as changed_on,
        value as owner_id,
        case when changed_on is null then 'account_owner' else 'last_order' end as attribution
    from dimension_values

),

changes as (

    select
        person_number,
        changed_on,
        owner_id,
        attribution
    from dated
    qualify
        lag(owner_id) over (
            partition by person_number
            order by changed_on nulls first
        ) is distinct from owner_id

),

final as (

    select
        person_number,
        owner_id,
        attribution,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by person_number
            order by changed_on nulls first
        ) as valid_to
    from changes

)

select * from final
