-- One row per subscription that runs at the cutoff and has a term that ends: by a stated end, else
-- on the next anniversary of its first paid day where it is billed by the year (definitions §7).
-- A subscription billed by shorter intervals has no term of its own.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

subscription_periods as (

    select
        customer_id,
        subscription_id,
        starts_on,
        ends_on,
        planned_ends_at,
        billing_interval,
        billing_interval_count
    from {{ ref('subscription_periods') }}
    where is_paid

),

services as (

    select
        customer_id,
        subscription_id,
        min(starts_on) as first_on,
        bool_or(ends_on is null) as is_running,
        -- an end of one item alone ends no subscription
        case
            when bool_and(ends_on is not null or planned_ends_at is not null)
                then max({{ local_day('planned_ends_at') }})
        end as planned_end_on,
        max(
            case
                when ends_on is null and billing_interval = 'year'
                    then 12 * coalesce(billing_interval_count, 1)
            end
        ) as term_months
    from subscription_periods
    group by
        customer_id,
        subscription_id

),

-- whole terms up to the cutoff's month
terms as (

    select
        services.customer_id,
        services.subscription_id,
        services.first_on,
        services.planned_end_on,
        services.term_months,
        cast(
            floor(
                cast(
                    {{ period_number("'month'", 'data_cutoff.cutoff_day') }}
                    - {{ period_number("'month'", 'services.first_on') }} as double
                ) / nullif(cast(services.term_months as double), 0)
            ) as integer
        ) as past_terms
    from services
    cross join data_cutoff
    where services.is_running

),

-- the anniversary of the cutoff's month may be over already
ends as (

    select
        customer_id,
        subscription_id,
        coalesce(
            planned_end_on,
            {{ add_months('first_on', 'past_terms * term_months') }}
        ) as this_end_on,
        coalesce(
            planned_end_on,
            {{ add_months('first_on', '(past_terms + 1) * term_months') }}
        ) as next_end_on,
        term_months,
        planned_end_on is not null as is_stated
    from terms
    where planned_end_on is not null or term_months is not null

),

final as (

    select
        ends.customer_id,
        ends.subscription_id,
        case
            when ends.this_end_on > data_cutoff.cutoff_day then ends.this_end_on
            else ends.next_end_on
        end as term_ends_on,
        ends.is_stated
    from ends
    cross join data_cutoff

)

select * from final
