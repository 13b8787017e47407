-- One row per grain and period: an estimate of the dissatisfied who say nothing, from the people
-- who complained in it and an assumed share of the dissatisfied who do (definitions §8). Nothing of
-- it is measured but complaints, complainers and customers. Not additive over periods.
with

complaints as (

    select
        customer_id,
        opened_on
    from {{ ref('customer_complaints') }}

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

),

retention_flows as (

    select
        grain,
        period_number,
        new,
        returned,
        lost,
        transient
    from {{ ref('int_retention_flows') }}
    where
        basis = 'any'
        and dimension = 'all'

),

first_complaint as (

    select min(opened_on) as first_on
    from complaints

),

counted as (

    select
        periods.grain,
        periods.period_number,
        count(*) as complaints,
        count(distinct complaints.customer_id) as complainers
    from complaints
    inner join periods
        on
        complaints.opened_on >= periods.period_start
        and complaints.opened_on < periods.period_end
    group by
        periods.grain,
        periods.period_number

),

flows as (

    select
        periods.grain,
        periods.period_number,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_final,
        coalesce(retention_flows.new, 0) + coalesce(retention_flows.returned, 0) as came,
        coalesce(retention_flows.lost, 0) as lost,
        coalesce(retention_flows.transient, 0) as transient
    from periods
    left join retention_flows
        on
        periods.grain = retention_flows.grain
        and periods.period_number = retention_flows.period_number

),

-- everybody who was a customer at some time of the period
present as (

    select
        grain,
        period_number,
        period_start,
        period_end,
        is_complete,
        is_final,
        came + transient + coalesce(
            sum(came - lost) over (
                partition by grain
                order by period_number nulls first
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as customers
    from flows

),

estimated as (

    select
        present.grain,
        present.period_start,
        cast(present.customers as bigint) as customers,
        coalesce(counted.complaints, 0) as complaints,
        coalesce(counted.complainers, 0) as complainers,
        cast(
            floor(
                {{ share('coalesce(counted.complainers, 0)', var('complaint_share')) }} + 0.5
            ) as bigint
        ) as uncapped,
        present.is_complete,
        present.is_final
    from present
    inner join first_complaint
        on present.period_end > first_complaint.first_on
    left join counted
        on
        present.grain = counted.grain
        and present.period_number = counted.period_number

),

final as (

    select
        grain,
        period_start,
        customers,
        complaints,
        complainers,
        cast({{ var('complaint_share') }} as double) as complaint_share,
        least(uncapped, greatest(customers, complainers)) as estimated_dissatisfied,
        least(uncapped, greatest(customers, complainers)) - complainers as estimated_silent,
        uncapped > greatest(customers, complainers) as is_capped,
        'estimate' as method,
        is_complete,
        is_final
    from estimated

)

select * from final
