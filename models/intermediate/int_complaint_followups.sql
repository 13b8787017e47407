-- One row per complaint whose days for a solution were over by the cutoff, and whose person was a
-- customer (basis any) on the day it was opened: whether it was solved by then, and when they were
-- next lost. Who is lost before that day shows as lost early, in neither group (definitions §8).
{% set solved_by = add_days('complaints.opened_on', var('complaint_solved_days')) %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

complaints as (

    select
        complaint_id,
        customer_id,
        category,
        opened_on,
        resolved_at,
        resolved_on,
        reopened_at,
        reopened_on,
        is_undated
    from {{ ref('customer_complaints') }}

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

judged as (

    select
        complaints.complaint_id,
        complaints.customer_id,
        complaints.category,
        complaints.opened_on,
        {{ solved_by }} as judged_on,
        complaints.is_undated or coalesce(
            complaints.resolved_on <= {{ solved_by }}
            and not coalesce(
                complaints.reopened_at >= complaints.resolved_at
                and complaints.reopened_on <= {{ solved_by }},
                false
            ),
            false
        ) as is_solved
    from complaints
    cross join data_cutoff
    where {{ solved_by }} <= data_cutoff.cutoff_day

),

standing as (

    select
        judged.complaint_id,
        judged.customer_id,
        judged.category,
        judged.opened_on,
        judged.judged_on,
        judged.is_solved
    from judged
    inner join lifecycle
        on
        judged.customer_id = lifecycle.customer_id
        and judged.opened_on >= lifecycle.valid_from
        and (lifecycle.valid_to is null or judged.opened_on < lifecycle.valid_to)
    where lifecycle.state <> 'lost'

),

final as (

    select
        standing.complaint_id,
        standing.customer_id,
        standing.category,
        standing.opened_on,
        standing.judged_on,
        standing.is_solved,
        min(lifecycle.valid_from) as lost_on
    from standing
    left join lifecycle
        on
        standing.customer_id = lifecycle.customer_id
        and standing.opened_on < lifecycle.valid_from
        and lifecycle.state = 'lost'
    group by
        standing.complaint_id,
        standing.customer_id,
        standing.category,
        standing.opened_on,
        standing.judged_on,
        standing.is_solved

)

select * from final
