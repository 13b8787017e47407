-- One row per person, basis and unbroken stretch of days in which the person is not lost (active,
-- at risk, returned, or paused inside its grace): the days from present_from to the day before
-- present_to. Who has entered one basis only is there once, under that basis (is_only_basis), and
-- counts in basis any as well.
with

people as (

    select
        person_number,
        customer_id,
        has_one_basis
    from {{ ref('int_person_numbers') }}

),

-- the first spell begins a stretch; a lost one ends it and, where it ends itself, begins the next
marks as (

    select
        customer_id,
        basis,
        spell_number,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where spell_number = 1 or state = 'lost'

),

stretches as (

    select
        people.person_number,
        people.customer_id,
        marks.basis,
        people.has_one_basis as is_only_basis,
        min(marks.valid_from) over (partition by people.person_number, marks.basis) as first_day,
        case when marks.state = 'lost' then marks.valid_to else marks.valid_from end
            as present_from,
        lead(marks.valid_from) over (
            partition by people.person_number, marks.basis
            order by marks.spell_number nulls first
        ) as present_to
    from marks
    inner join people
        on marks.customer_id = people.customer_id
    where marks.basis <> 'any' or not people.has_one_basis

),

final as (

    select
        person_number,
        customer_id,
        basis,
        is_only_basis,
        first_day,
        present_from,
        present_to
    from stretches
    where present_from is not null

)

select * from final
