-- One row per person, currency and month in which the person's MRR at the close differs from that
-- at the open in any currency: both balances and the five native parts of the change, and the
-- movement it is for the person over all currencies (definitions §4, Movements).
with

changes as (

    select
        customer_id,
        period_start,
        currency_before,
        currency_after,
        is_currency_change,
        mrr_native_before,
        mrr_native_after,
        sub_type,
        price_native,
        quantity_native,
        plan_native,
        add_on_native,
        discount_native
    from {{ ref('int_mrr_changes') }}
    where grain = 'month'

),

losses as (

    select
        customer_id,
        lost_on,
        churn_type
    from {{ ref('int_mrr_losses') }}

),

services as (

    select
        customer_id,
        service,
        previous_service,
        valid_from
    from {{ ref('int_subscription_services') }}

),

lifecycle as (

    select
        customer_id,
        valid_from as first_paid_on
    from {{ ref('customer_lifecycle') }}
    where basis = 'subscriptions' and spell_number = 1

),

-- What changed its currency leaves the one and comes to the other.
parts as (

    select
        customer_id,
        period_start,
        coalesce(currency_after, currency_before) as currency,
        price_native,
        quantity_native,
        plan_native,
        add_on_native,
        discount_native
    from changes
    where not is_currency_change

    union all

    select
        customer_id,
        period_start,
        currency_before as currency,
        case when sub_type = 'price' then -mrr_native_before else 0 end as price_native,
        0 as quantity_native,
        case when sub_type = 'plan' then -mrr_native_before else 0 end as plan_native,
        0 as add_on_native,
        0 as discount_native
    from changes
    where is_currency_change

    union all

    select
        customer_id,
        period_start,
        currency_after as currency,
        case when sub_type = 'price' then mrr_native_after else 0 end as price_native,
        0 as quantity_native,
        case when sub_type = 'plan' then mrr_native_after else 0 end as plan_native,
        0 as add_on_native,
        0 as discount_native
    from changes
    where is_currency_change

),

-- A currency that stands still is looked at too where another one moves.
people_months as (

    select distinct
        customer_id,
        period_start
    from changes

),

people_currencies as (

    select distinct
        customer_id,
        currency
    from parts

),

currency_months as (

    select
        people_months.customer_id,
        people_currencies.currency,
        people_months.period_start,
        coalesce(sum(parts.price_native), 0) as price_native,
        coalesce(sum(parts.quantity_native), 0) as quantity_native,
        coalesce(sum(parts.plan_native), 0) as plan_native,
        coalesce(sum(parts.add_on_native), 0) as add_on_native,
        coalesce(sum(parts.discount_native), 0) as discount_native
    from people_months
    inner join people_currencies
        on people_months.customer_id = people_currencies.customer_id
    left join parts
        on
        people_months.customer_id = parts.customer_id
        and people_months.period_start = parts.period_start
        and people_currencies.currency = parts.currency
    group by
        people_months.customer_id,
        people_currencies.currency,
        people_months.period_start

),

changed as (

    select
        *,
        price_native + quantity_native + plan_native + add_on_native + discount_native
            as mrr_native_change
    from currency_months

),

balances as (

    select
        *,
        sum(mrr_native_change) over (
            partition by customer_id, currency
            order by period_start nulls first
            rows between unbounded preceding and current row
        ) as closing_mrr_native
    from changed

),

people as (

    select
        *,
        max(closing_mrr_native - mrr_native_change) over person_month > 0 as has_opening,
        max(closing_mrr_native) over person_month > 0 as has_closing,
        max(abs(mrr_native_change)) over person_month > 0 as has_change
    from balances
    window person_month as (partition by customer_id, period_start)

),

-- How a person stood at the open, and whether they were anything but served or paused in between.
service_turns as (

    select
        *,
        {{ period_first_day("'month'", period_number("'month'", 'valid_from')) }} as period_start,
        lag(valid_from) over (
            partition by customer_id
            order by valid_from nulls first
        ) as previous_from
    from services

),

service_months as (

    select
        customer_id,
        period_start,
        max_by(service, valid_from) as closing_service,
        coalesce(max(case when service = 'none' then 1 else 0 end), 0) = 1 as was_lost,
        max(case when service = 'none' then valid_from end) as lost_on,
        min(valid_from) as first_turn_on
    from service_turns
    group by
        customer_id,
        period_start

),

openings as (

    select
        service_months.customer_id,
        service_months.period_start,
        service_months.closing_service,
        service_months.was_lost,
        service_months.lost_on,
        service_turns.previous_service as opening_service,
        service_turns.previous_from as opening_service_from,
        service_turns.valid_from as first_turn_on
    from service_months
    inner join service_turns
        on
        service_months.customer_id = service_turns.customer_id
        and service_months.first_turn_on = service_turns.valid_from

),

final as (

    select
        people.customer_id,
        people.currency,
        people.period_start,
        cast(people.closing_mrr_native - people.mrr_native_change as decimal(18, 6))
            as opening_mrr_native,
        cast(people.closing_mrr_native as decimal(18, 6)) as closing_mrr_native,
        cast(people.price_native as decimal(18, 6)) as price_native,
        cast(people.quantity_native as decimal(18, 6)) as quantity_native,
        cast(people.plan_native as decimal(18, 6)) as plan_native,
        cast(people.add_on_native as decimal(18, 6)) as add_on_native,
        cast(people.discount_native as decimal(18, 6)) as discount_native,
        case
            when people.has_opening and people.has_closing then 'change'
            when people.has_opening and openings.closing_service = 'paused' then 'pause'
            when people.has_opening then 'churn'
            when openings.opening_service = 'paused' and not openings.was_lost then 'resume'
            when lifecycle.first_paid_on >= people.period_start then 'new'
            when
                {{ var('reactivation_window_days') }} > 0
                and {{ days_between('openings.opening_service_from', 'openings.first_turn_on') }}
                > {{ var('reactivation_window_days') }}
                then 'new'
            else 'reactivation'
        end as movement,
        case
            when
                people.has_opening
                and not people.has_closing
                and openings.closing_service != 'paused'
                then losses.churn_type
        end as churn_type
    from people
    inner join lifecycle
        on people.customer_id = lifecycle.customer_id
    left join openings
        on
        people.customer_id = openings.customer_id
        and people.period_start = openings.period_start
    -- what went last says why the person left
    left join losses
        on
        openings.customer_id = losses.customer_id
        and openings.lost_on = losses.lost_on
    where
        people.has_change
        and (people.has_opening or people.has_closing)
        and (
            people.closing_mrr_native != 0
            or people.mrr_native_change != 0
        )

)

select * from final
