-- One row per grain (month, quarter, year), owner, attribution and period at whose open the number
-- of people they own and who are not lost (basis any) changes, with the change. Balances at open
-- are running sums: nothing grows with customers x months. '(none)' owns whom nobody else does.
with

presence as (

    select
        person_number,
        present_from,
        present_to
    from {{ ref('int_presence') }}
    where basis = 'any' or is_only_basis

),

owner_spells as (

    select
        person_number,
        owner_id,
        attribution,
        valid_from,
        valid_to
    from {{ ref('int_owner_spells') }}

),

grains as (

    select distinct grain
    from {{ ref('int_periods') }}
    where grain <> 'week'

),

first_owners as (

    select
        person_number,
        min(valid_from) as valid_from
    from owner_spells
    group by person_number

),

chains as (

    select
        person_number,
        coalesce(owner_id, '(none)') as owner_id,
        case when owner_id is null then 'none' else attribution end as attribution,
        valid_from,
        valid_to
    from owner_spells

    union all

    -- before the first owner, or without any
    select
        people.person_number,
        '(none)' as owner_id,
        'none' as attribution,
        date '0001-01-01' as valid_from,
        first_owners.valid_from as valid_to
    from (select distinct person_number from presence) as people
    left join first_owners
        on people.person_number = first_owners.person_number
    where first_owners.valid_from is null or first_owners.valid_from > date '0001-01-01'

),

owned as (

    select
        chains.owner_id,
        chains.attribution,
        greatest(presence.present_from, chains.valid_from) as owned_from,
        case
            when chains.valid_to is null then presence.present_to
            when presence.present_to is null then chains.valid_to
            else least(presence.present_to, chains.valid_to)
        end as owned_to
    from presence
    inner join chains
        on
        presence.person_number = chains.person_number
        and (presence.present_to is null or presence.present_to > chains.valid_from)
        and (chains.valid_to is null or presence.present_from < chains.valid_to)

),

-- at the opens after owned_from, up to the one on owned_to itself: what ends on the first day of a
-- period ends in it
changes as (

    select
        grains.grain,
        owned.owner_id,
        owned.attribution,
        {{ period_number('grains.grain', 'owned.owned_from') }} + 1 as period_number,
        1 as added
    from owned
    cross join grains

    union all

    select
        grains.grain,
        owned.owner_id,
        owned.attribution,
        {{ period_number('grains.grain', 'owned.owned_to') }} + 1 as period_number,
        -1 as added
    from owned
    cross join grains
    where owned.owned_to is not null

),

final as (

    select
        grain,
        owner_id,
        attribution,
        period_number,
        sum(added) as added
    from changes
    group by
        grain,
        owner_id,
        attribution,
        period_number
    having sum(added) <> 0

)

select * from final
