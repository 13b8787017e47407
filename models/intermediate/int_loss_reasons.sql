-- One row per loss and reason recorded for it (definitions §7, Reasons), by whom, and whether it is
-- the latest: customers, staff and surveys stand side by side. A reason speaks of one loss; one
-- recorded while nobody was leaving speaks of none.
with

losses as (

    select
        person_number,
        customer_id,
        lost_on,
        told_from,
        returned_on
    from {{ ref('int_losses') }}

),

feedback as (

    select
        feedback_id,
        customer_id,
        recorded_at,
        recorded_on,
        reason_code,
        given_by
    from {{ ref('int_churn_feedback_known') }}

),

told as (

    select
        losses.person_number,
        losses.lost_on,
        feedback.feedback_id,
        feedback.reason_code,
        feedback.recorded_at,
        feedback.recorded_on,
        feedback.given_by
    from losses
    inner join feedback
        on
        losses.customer_id = feedback.customer_id
        and losses.told_from <= feedback.recorded_on
        and (losses.returned_on is null or losses.returned_on > feedback.recorded_on)

),

reasons as (

    select
        person_number,
        lost_on,
        reason_code,
        count(*) as mentions,
        bool_or(given_by = 'employee') as is_said_by_employee,
        bool_or(given_by = 'survey') as is_said_by_survey,
        bool_or(given_by in ('customer', 'exit form')) as is_said_by_customer,
        max(recorded_at) as last_recorded_at,
        max(recorded_on) as last_recorded_on
    from told
    group by
        person_number,
        lost_on,
        reason_code

),

final as (

    select
        person_number,
        lost_on,
        reason_code,
        mentions,
        is_said_by_customer,
        is_said_by_employee,
        is_said_by_survey,
        last_recorded_on,
        row_number() over (
            partition by person_number, lost_on
            order by last_recorded_at desc nulls last, reason_code asc nulls last
        ) = 1 as is_latest
    from reasons

)

select * from final
