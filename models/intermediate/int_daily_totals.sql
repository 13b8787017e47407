-- One row per measure and whole day from its first event on, as far back as plausibility looks:
-- what happened on the day, 0 where nothing did. Money is net revenue before refunds, which come
-- later. Not additive: customers are people, orders are rows.
{% set days_back = var('plausibility_days') + 7 * var('plausibility_weeks') %}
with

days as (

    select
        calendar.day,
        calendar.iso_weekday
    from {{ ref('calendar') }} as calendar
    cross join {{ ref('int_data_cutoff') }} as data_cutoff
    where
        calendar.day > {{ add_days('data_cutoff.cutoff_day', '-' ~ days_back) }}
        and calendar.day <= data_cutoff.cutoff_day

),

orders as (

    select
        ordered_on,
        is_valid,
        net_revenue_before_refunds
    from {{ ref('orders') }}

),

refunds as (

    select refunded_on
    from {{ ref('refunds') }}

),

spells as (

    select
        basis,
        spell_number,
        state,
        valid_from
    from {{ ref('customer_lifecycle') }}

),

complaints as (

    select opened_on
    from {{ ref('customer_complaints') }}

),

answers as (

    select responded_on
    from {{ ref('survey_responses') }}

),

events as (

    select
        'orders' as measure,
        ordered_on as day,
        cast(1 as decimal(18, 2)) as amount
    from orders

    union all

    select
        'net_revenue' as measure,
        ordered_on as day,
        cast(net_revenue_before_refunds as decimal(18, 2)) as amount
    from orders
    where is_valid

    union all

    select
        'refunds' as measure,
        refunded_on as day,
        cast(1 as decimal(18, 2)) as amount
    from refunds

    union all

    select
        'new_customers' as measure,
        valid_from as day,
        cast(1 as decimal(18, 2)) as amount
    from spells
    where basis = 'any' and spell_number = 1

    union all

    select
        'returned_customers' as measure,
        valid_from as day,
        cast(1 as decimal(18, 2)) as amount
    from spells
    where basis = 'any' and state = 'returned'

    union all

    select
        'lost_customers' as measure,
        valid_from as day,
        cast(1 as decimal(18, 2)) as amount
    from spells
    where basis = 'any' and state = 'lost'

    union all

    select
        'lost_subscribers' as measure,
        valid_from as day,
        cast(1 as decimal(18, 2)) as amount
    from spells
    where basis = 'subscriptions' and state = 'lost'

    union all

    select
        'complaints' as measure,
        opened_on as day,
        cast(1 as decimal(18, 2)) as amount
    from complaints

    union all

    select
        'survey_answers' as measure,
        responded_on as day,
        cast(1 as decimal(18, 2)) as amount
    from answers
    where responded_on is not null

),

counted as (

    select
        measure,
        day,
        cast(sum(amount) as decimal(18, 2)) as total
    from events
    group by
        measure,
        day

),

measured as (

    select
        measure,
        min(day) as first_day
    from counted
    group by measure

),

final as (

    select
        measured.measure,
        days.day,
        days.iso_weekday,
        coalesce(counted.total, 0) as total
    from measured
    inner join days
        on measured.first_day <= days.day
    left join counted
        on
        measured.measure = counted.measure
        and days.day = counted.day

)

select * from final
