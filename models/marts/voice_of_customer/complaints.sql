-- One row per month, quarter or year, and category, (all) for all of them: complaints opened in it,
-- how fast they were answered and solved, and who was lost after one that was solved, one that was
-- not, and none (definitions §8). Times and people without a complaint do not add up over rows;
-- everything stands as it is at the cutoff.
{% set loss_days = var('complaint_loss_days') %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

complaints as (

    select
        complaint_id,
        customer_id,
        coalesce(category, '(none)') as category,
        status,
        opened_on,
        first_response_at is not null as is_answered,
        -- help desks clear the solution when a complaint is opened again
        resolved_at is not null or reopened_at is not null or is_undated as was_resolved,
        reopened_at is not null as was_reopened,
        {{ hours_between('opened_at', 'first_response_at') }} as first_response_hours,
        {{ hours_between('opened_at', 'resolved_at') }} as resolution_hours
    from {{ ref('customer_complaints') }}

),

complaint_followups as (

    select
        coalesce(category, '(none)') as category,
        opened_on,
        judged_on,
        is_solved,
        lost_on
    from {{ ref('int_complaint_followups') }}

),

complaint_free_closes as (

    select
        period_number,
        period_start,
        period_end,
        people,
        lost
    from {{ ref('int_complaint_free_closes') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain in ('month', 'quarter', 'year')

),

grouped_complaints as (

    select
        complaint_id,
        customer_id,
        category,
        status,
        opened_on,
        is_answered,
        was_resolved,
        was_reopened,
        first_response_hours,
        resolution_hours
    from complaints

    union all

    select
        complaint_id,
        customer_id,
        '(all)' as category,
        status,
        opened_on,
        is_answered,
        was_resolved,
        was_reopened,
        first_response_hours,
        resolution_hours
    from complaints

),

counted as (

    select
        periods.grain,
        periods.period_number,
        grouped_complaints.category,
        count(*) as complaints,
        count(distinct grouped_complaints.customer_id) as complainers,
        count(*) filter (where grouped_complaints.is_answered) as answered,
        count(*) filter (where grouped_complaints.was_resolved) as ever_resolved,
        count(*) filter (where grouped_complaints.status = 'resolved') as resolved,
        count(*) filter (where grouped_complaints.was_reopened) as reopened,
        count(*) filter (where grouped_complaints.status <> 'resolved') as unresolved,
        percentile_cont(0.5) within group (
            order by cast(grouped_complaints.first_response_hours as double)
        ) as median_first_response_hours,
        percentile_cont(0.9) within group (
            order by cast(grouped_complaints.first_response_hours as double)
        ) as p90_first_response_hours,
        percentile_cont(0.5) within group (
            order by cast(grouped_complaints.resolution_hours as double)
        ) as median_resolution_hours,
        percentile_cont(0.9) within group (
            order by cast(grouped_complaints.resolution_hours as double)
        ) as p90_resolution_hours
    from grouped_complaints
    inner join periods
        on
        grouped_complaints.opened_on >= periods.period_start
        and grouped_complaints.opened_on < periods.period_end
    group by
        periods.grain,
        periods.period_number,
        grouped_complaints.category

),

grouped_followups as (

    select
        category,
        opened_on,
        judged_on,
        is_solved,
        lost_on
    from complaint_followups

    union all

    select
        '(all)' as category,
        opened_on,
        judged_on,
        is_solved,
        lost_on
    from complaint_followups

),

judged_followups as (

    select
        grouped_followups.category,
        grouped_followups.opened_on,
        grouped_followups.is_solved,
        coalesce(grouped_followups.lost_on <= grouped_followups.judged_on, false) as is_lost_early,
        coalesce(
            grouped_followups.lost_on
            <= {{ add_days('grouped_followups.judged_on', loss_days) }},
            false
        ) as is_lost
    from grouped_followups
    cross join data_cutoff
    where
        {{ add_days('grouped_followups.judged_on', loss_days) }}
        <= data_cutoff.cutoff_day

),

followed as (

    select
        periods.grain,
        periods.period_number,
        judged_followups.category,
        count(*) as followed,
        count(*) filter (where judged_followups.is_lost_early) as lost_early,
        count(*) filter (where judged_followups.is_solved and not judged_followups.is_lost_early)
            as solved,
        count(
            *) filter (
            where judged_followups.is_solved
            and judged_followups.is_lost
            and not judged_followups.is_lost_early
        ) as solved_lost,
        count(*) filter (
            where not judged_followups.is_solved and not judged_followups.is_lost_early
        )
            as unsolved,
        count(
            *) filter (
            where not judged_followups.is_solved
            and judged_followups.is_lost
            and not judged_followups.is_lost_early
        ) as unsolved_lost
    from judged_followups
    inner join periods
        on
        judged_followups.opened_on >= periods.period_start
        and judged_followups.opened_on < periods.period_end
    group by
        periods.grain,
        periods.period_number,
        judged_followups.category

),

without_complaint as (

    select
        periods.grain,
        periods.period_number,
        sum(complaint_free_closes.people) as people,
        sum(complaint_free_closes.lost) as lost
    from complaint_free_closes
    cross join data_cutoff
    inner join periods
        on
        complaint_free_closes.period_start >= periods.period_start
        and complaint_free_closes.period_end <= periods.period_end
    where
        {{ add_days('complaint_free_closes.period_end', loss_days) }}
        <= {{ add_days('data_cutoff.cutoff_day', 1) }}
    group by
        periods.grain,
        periods.period_number

),

first_periods as (

    select
        grain,
        category,
        min(period_number) as first_period
    from counted
    group by
        grain,
        category

),

cells as (

    select
        periods.grain,
        periods.period_number,
        periods.period_start,
        first_periods.category,
        periods.is_complete,
        periods.is_final,
        {{ add_days('periods.period_end', loss_days + var('complaint_solved_days')) }}
        <= {{ add_days('data_cutoff.cutoff_day', 1) }} as is_loss_complete
    from first_periods
    cross join data_cutoff
    inner join periods
        on
        first_periods.grain = periods.grain
        and first_periods.first_period <= periods.period_number

),

filled as (

    select
        cells.grain,
        cells.period_start,
        cells.category,
        cells.is_complete,
        cells.is_final,
        cells.is_loss_complete,
        {% for count in [
            'complaints', 'complainers', 'answered', 'ever_resolved', 'resolved', 'reopened',
            'unresolved'
        ] %}
            coalesce(counted.{{ count }}, 0) as {{ count }},
        {% endfor %}
        {% for count in [
            'followed', 'lost_early', 'solved', 'solved_lost', 'unsolved', 'unsolved_lost'
        ] %}
            coalesce(followed.{{ count }}, 0) as {{ count }},
        {% endfor %}
        counted.median_first_response_hours,
        counted.p90_first_response_hours,
        counted.median_resolution_hours,
        counted.p90_resolution_hours,
        cast(coalesce(without_complaint.people, 0) as bigint) as without_complaint,
        cast(coalesce(without_complaint.lost, 0) as bigint) as without_complaint_lost
    from cells
    left join counted
        on
        cells.grain = counted.grain
        and cells.period_number = counted.period_number
        and cells.category = counted.category
    left join followed
        on
        cells.grain = followed.grain
        and cells.period_number = followed.period_number
        and cells.category = followed.category
    left join without_complaint
        on
        cells.grain = without_complaint.grain
        and cells.period_number = without_complaint.period_number

),

final as (

    select
        grain,
        period_start,
        category,
        complaints,
        complainers,
        answered,
        resolved,
        ever_resolved,
        reopened,
        unresolved,
        median_first_response_hours,
        p90_first_response_hours,
        median_resolution_hours,
        p90_resolution_hours,
        case when is_complete then {{ share('resolved', 'complaints') }} end as resolved_rate,
        case when is_complete then {{ share('reopened', 'ever_resolved') }} end as reopened_rate,
        followed,
        lost_early,
        {% for group in ['solved', 'unsolved', 'without_complaint'] %}
            {{ group }},
            {{ group }}_lost,
            case
                when is_loss_complete then {{ share(group ~ '_lost', group) }}
            end as {{ group }}_loss_rate,
            case
                when is_loss_complete then {{ wilson_low(group ~ '_lost', group) }}
            end as {{ group }}_loss_rate_low,
            case
                when is_loss_complete then {{ wilson_high(group ~ '_lost', group) }}
            end as {{ group }}_loss_rate_high,
        {% endfor %}
        'not causal' as comparison,
        is_complete,
        is_loss_complete,
        is_final and is_loss_complete and unresolved = 0 as is_final,
        complaints < {{ var('small_cell_size') }} as is_small
    from filled

)

select * from final
