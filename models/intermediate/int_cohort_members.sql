-- One row per basis and person who has entered it: the day that makes the person new, and a member
-- of a cohort, in that basis. The same first spell as everywhere, so cohorts and retention rates
-- agree. Prospects are not there (E24).
with

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

history_bounds as (

    select first_day
    from {{ ref('int_history_bounds') }}

),

lifecycle as (

    select
        basis,
        customer_id,
        valid_from
    from {{ ref('customer_lifecycle') }}

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

service_stretches as (

    select
        customer_id,
        starts_on,
        ends_on,
        mrr
    from {{ ref('int_paid_stretches') }}

),

first_days as (

    select
        basis,
        customer_id,
        min(valid_from) as first_day
    from lifecycle
    group by
        basis,
        customer_id

),

entered_bases as (

    select
        customer_id,
        count(*) as bases
    from first_days
    where basis <> 'any'
    group by customer_id

),

first_windows as (

    select
        first_days.basis,
        first_days.customer_id,
        sum(orders.net_revenue) as first_window_revenue
    from first_days
    inner join orders
        on
        first_days.customer_id = orders.customer_id
        and first_days.first_day <= orders.ordered_on
        and {{ add_days('first_days.first_day', 30) }} > orders.ordered_on
    group by
        first_days.basis,
        first_days.customer_id

),

first_services as (

    select
        customer_id,
        min(starts_on) as first_service_on
    from service_stretches
    group by customer_id

),

first_mrr as (

    select
        first_services.customer_id,
        sum(service_stretches.mrr) as first_mrr
    from first_services
    inner join service_stretches
        on
        first_services.customer_id = service_stretches.customer_id
        and first_services.first_service_on = service_stretches.starts_on
    group by first_services.customer_id

),

final as (

    select
        first_days.basis,
        first_days.customer_id,
        first_days.first_day,
        {{ days_between('first_days.first_day', 'cutoff.cutoff_day') }} + 1 as observed_days,
        least(
            cast(
                floor(
                    cast(
                        {{ days_between('first_days.first_day', 'cutoff.cutoff_day') }} + 1
                        as double
                    ) / 30
                ) as integer
            ) - 1,
            {{ var('max_age_months') }}
        ) as last_window,
        cast(coalesce(first_windows.first_window_revenue, 0) as decimal(18, 2))
            as first_window_revenue,
        cast(coalesce(first_mrr.first_mrr, 0) as decimal(18, 2)) as first_mrr,
        first_days.first_day
        < {{ add_days('history_bounds.first_day', var('left_truncation_days')) }}
            as is_left_truncated,
        coalesce(entered_bases.bases, 0) = 1 as is_only_basis
    from first_days
    cross join cutoff
    cross join history_bounds
    left join entered_bases
        on first_days.customer_id = entered_bases.customer_id
    left join first_windows
        on
        first_days.basis = first_windows.basis
        and first_days.customer_id = first_windows.customer_id
    left join first_mrr
        on first_days.customer_id = first_mrr.customer_id

)

select * from final
