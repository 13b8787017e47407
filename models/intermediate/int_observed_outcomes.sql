-- One row per month end of int_observed_month_ends and person who complained or was lost in the
-- days after it, with their lifecycle state (basis any) at that day. Rows depend on events.
with

month_ends as (

    select observed_on
    from {{ ref('int_observed_month_ends') }}

),

customer_lifecycle as (

    select
        customer_id,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'any' and (valid_to is null or valid_from < valid_to)

),

complaints as (

    select
        customer_id,
        opened_on
    from {{ ref('int_complaints_known') }}

),

events as (

    select
        month_ends.observed_on,
        customer_lifecycle.customer_id,
        true as is_lost
    from month_ends
    inner join customer_lifecycle
        on
        month_ends.observed_on < customer_lifecycle.valid_from
        and {{ add_days('month_ends.observed_on', var('contact_outcome_days')) }}
        >= customer_lifecycle.valid_from
    where customer_lifecycle.state = 'lost'

    union all

    select
        month_ends.observed_on,
        complaints.customer_id,
        false as is_lost
    from month_ends
    inner join complaints
        on
        month_ends.observed_on < complaints.opened_on
        and {{ add_days('month_ends.observed_on', var('contact_outcome_days')) }}
        >= complaints.opened_on

),

people as (

    select
        observed_on,
        customer_id,
        bool_or(is_lost) as is_lost,
        bool_or(not is_lost) as is_complaining
    from events
    group by
        observed_on,
        customer_id

),

final as (

    select
        people.observed_on,
        people.customer_id,
        customer_lifecycle.state,
        people.is_lost,
        people.is_complaining
    from people
    inner join customer_lifecycle
        on
        people.customer_id = customer_lifecycle.customer_id
        and people.observed_on >= customer_lifecycle.valid_from
        and (
            customer_lifecycle.valid_to is null
            or people.observed_on < customer_lifecycle.valid_to
        )

)

select * from final
