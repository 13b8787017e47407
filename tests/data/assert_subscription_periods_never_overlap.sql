-- One item and kind is in one stretch at a time (E83), MRR stands exactly where service is paid
-- for, and nothing begins or ends after the cutoff (E10).
with

periods as (

    select
        subscription_id,
        item_id,
        kind,
        starts_at,
        ends_at,
        planned_ends_at,
        service_state,
        is_paid,
        mrr_native,
        mrr,
        lead(starts_at) over (
            partition by subscription_id, item_id, kind
            order by starts_at nulls first
        ) as next_starts_at
    from {{ ref('subscription_periods') }}

)

select
    periods.*,
    cutoff.data_cutoff
from periods
left join {{ ref('int_data_cutoff') }} as cutoff on true
where
    periods.ends_at <= periods.starts_at
    or (periods.next_starts_at is not null and periods.ends_at is null)
    or periods.next_starts_at < periods.ends_at
    or cutoff.data_cutoff is null
    or periods.starts_at >= cutoff.data_cutoff
    or periods.ends_at >= cutoff.data_cutoff
    or periods.planned_ends_at < cutoff.data_cutoff
    or (periods.ends_at is not null and periods.planned_ends_at is not null)
    or periods.is_paid != (periods.service_state in ('paid', 'past_due'))
    or periods.is_paid != (periods.mrr_native > 0)
    or periods.mrr_native < 0
    or (not periods.is_paid and periods.mrr != 0)
