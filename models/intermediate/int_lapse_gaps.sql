-- One row per day of a purchase occasion, length and month of the next occasion: how many gaps
-- between successive occasions began on that day and were completed so. length_days and
-- ended_in_month are null for the gaps still open. Every occasion begins exactly one gap, so the
-- gaps of a day sum to its occasions.
with

occasions as (

    select
        customer_id,
        occasion_on
    from {{ ref('int_purchase_occasions') }}

),

gaps as (

    select
        occasion_on as started_on,
        lead(occasion_on) over (
            partition by customer_id
            order by occasion_on nulls first
        ) as ended_on
    from occasions

),

final as (

    select
        started_on,
        {{ days_between('started_on', 'ended_on') }} as length_days,
        {{ period_number("'month'", 'ended_on') }} as ended_in_month,
        count(*) as gaps
    from gaps
    group by all

)

select * from final
