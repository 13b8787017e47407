-- One row per person and loss (basis any): the stretch of presence it ended, when they came back if
-- they did, and the days [told_from, returned_on) in which a recorded reason speaks of this loss:
-- from loss_reason_days before it, as leaving is often said before it shows.
with

presence as (

    select
        person_number,
        customer_id,
        first_day,
        present_from,
        present_to
    from {{ ref('int_presence') }}
    where basis = 'any' or is_only_basis

),

followed as (

    select
        person_number,
        customer_id,
        first_day,
        present_from,
        present_to,
        lead(present_from) over (
            partition by person_number
            order by present_from nulls first
        ) as returned_on
    from presence

),

final as (

    select
        person_number,
        customer_id,
        first_day,
        present_from,
        present_to as lost_on,
        returned_on,
        greatest(
            present_from, {{ add_days('present_to', '-' ~ var('loss_reason_days')) }}
        ) as told_from
    from followed
    where present_to is not null

)

select * from final
