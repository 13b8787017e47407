-- One row per person and loss (basis any): the stretch of presence it ended, when they came back if
-- they did, and the days [told_from, returned_on) in which a recorded reason speaks of this loss.
-- Leaving is often said long before it shows: from the last purchase on, from the request to cancel
-- the service that ended that day, and in any case from loss_reason_days before.
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

losses as (

    select
        person_number,
        customer_id,
        first_day,
        present_from,
        present_to as lost_on,
        returned_on,
        {{ add_days('present_to', '-' ~ var('loss_reason_days')) }} as near_from
    from followed
    where present_to is not null

),

occasions as (

    select
        customer_id,
        occasion_on,
        next_occasion_on
    from {{ ref('int_purchase_occasions') }}

),

requests as (

    select
        customer_id,
        {{ local_day('ends_at') }} as ends_on,
        min({{ local_day('cancel_requested_at') }}) as requested_on
    from {{ ref('subscription_periods') }}
    where cancel_requested_at < ends_at
    group by
        customer_id,
        {{ local_day('ends_at') }}

),

final as (

    select
        losses.person_number,
        losses.customer_id,
        losses.first_day,
        losses.present_from,
        losses.lost_on,
        losses.returned_on,
        greatest(
            losses.present_from,
            least(losses.near_from, occasions.occasion_on, requests.requested_on)
        ) as told_from
    from losses
    left join occasions
        on
        losses.customer_id = occasions.customer_id
        and losses.lost_on > occasions.occasion_on
        and (occasions.next_occasion_on is null or losses.lost_on <= occasions.next_occasion_on)
    left join requests
        on
        losses.customer_id = requests.customer_id
        and losses.lost_on = requests.ends_on

)

select * from final
