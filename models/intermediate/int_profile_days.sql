-- One row per person who has entered a basis: whether they are lost at the cutoff (basis any), and
-- the day whose values describe them: the last one before the loss (who came and went on one day
-- has that day alone), else the cutoff day. What a loss does to somebody (no tier, no orders of
-- late) does not describe who is lost.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

people as (

    select
        person_number,
        customer_id,
        first_day
    from {{ ref('int_person_numbers') }}

),

lifecycle as (

    select
        customer_id,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'

),

final as (

    select
        people.person_number,
        people.customer_id,
        lifecycle.state = 'lost' as is_lost,
        case
            when lifecycle.state = 'lost'
                then greatest({{ add_days('lifecycle.valid_from', -1) }}, people.first_day)
            else data_cutoff.cutoff_day
        end as described_on
    from people
    cross join data_cutoff
    inner join lifecycle
        on
        people.customer_id = lifecycle.customer_id
        and data_cutoff.cutoff_day >= lifecycle.valid_from
        and (lifecycle.valid_to is null or data_cutoff.cutoff_day < lifecycle.valid_to)

)

select * from final
