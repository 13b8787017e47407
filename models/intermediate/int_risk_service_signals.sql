-- One row per day of int_risk_days, person and measure of their subscriptions that can be a signal:
-- asked to cancel, a term near its end without talk about renewal, a failed payment; and of their
-- loyalty tier: lost lately (definitions §7), each as it was known at the end of that day.
{{ config(materialized='view') }}
{% set interval_months %}
case subscription_periods.billing_interval
    when 'month' then 1
    when 'quarter' then 3
    when 'year' then 12
end * coalesce(subscription_periods.billing_interval_count, 1)
{% endset %}
{% set months_begun %}
({{ period_number("'month'", 'services.evaluation_on') }}
- {{ period_number("'month'", 'services.term_from') }})
{% endset %}
with

rules as (

    select
        signal,
        threshold,
        window_days,
        minimum
    from {{ ref('risk_signal_rules') }}
    where level = 1

),

people as (

    select
        evaluation_on,
        person_number,
        customer_id
    from {{ ref('int_risk_people') }}

),

subscription_periods as (

    select
        customer_id,
        subscription_id,
        billing_interval,
        billing_interval_count,
        starts_on,
        ends_on,
        {{ local_day('cancel_requested_at') }} as cancel_requested_on
    from {{ ref('subscription_periods') }}
    where is_paid

),

interactions as (

    select
        customer_id,
        occurred_on
    from {{ ref('int_interactions_known') }}
    where lower(topic) = 'renewal'

),

payments as (

    select
        customer_id,
        -- a subscription, else an order, else only the payment itself
        coalesce(
            'subscription:' || subscription_id, 'order:' || order_id, 'payment:' || payment_id
        ) as paid_for,
        due_at,
        due_on,
        paid_at,
        paid_on,
        amount_native,
        status
    from {{ ref('int_payments_known') }}

),

failed_payments as (

    select
        customer_id,
        paid_for,
        due_at,
        due_on,
        paid_on
    from payments
    where status in ('failed', 'recovered', 'written_off')

),

payment_events as (

    select
        customer_id,
        paid_for,
        due_at as happened_at,
        due_on as failed_on,
        paid_on,
        false as is_paid
    from failed_payments

    union all

    select
        customer_id,
        paid_for,
        paid_at as happened_at,
        cast(null as date) as failed_on,
        paid_on,
        true as is_paid
    from payments
    where
        paid_at is not null
        and amount_native > 0
        and paid_for in (
            select failed_payments.paid_for
            from failed_payments
        )

),

-- the next payment for the same thing makes good what failed before it, whichever demand it was
-- for: as in int_subscription_unpaid_windows, and as there nothing of 0 or less does
answered_payments as (

    select
        customer_id,
        failed_on,
        is_paid,
        least(
            paid_on,
            min(case when is_paid then paid_on end) over (
                partition by paid_for
                order by happened_at nulls first, is_paid nulls first
                rows between current row and unbounded following
            )
        ) as paid_on
    from payment_events

),

payment_failures as (

    select
        customer_id,
        failed_on,
        paid_on
    from answered_payments
    where not is_paid

),

loyalty_tiers as (

    select
        tier,
        position
    from {{ ref('loyalty_tiers') }}

),

tier_spells as (

    select
        person_number,
        value,
        previous_value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension = 'loyalty_tier' and previous_value is not null

),

-- who is in no tier stands below the first
tiers_lost as (

    select
        tier_spells.person_number,
        tier_spells.valid_from as lost_on,
        tier_spells.valid_to,
        coalesce(tiers_before.position, 0) - coalesce(tiers_after.position, 0) as steps
    from tier_spells
    left join loyalty_tiers as tiers_before
        on tier_spells.previous_value = tiers_before.tier
    left join loyalty_tiers as tiers_after
        on tier_spells.value = tiers_after.tier
    where coalesce(tiers_before.position, 0) > coalesce(tiers_after.position, 0)

),

-- terms run on from the first day of a subscription, whatever changed since
first_days as (

    select
        customer_id,
        subscription_id,
        min(starts_on) as term_from
    from subscription_periods
    group by
        customer_id,
        subscription_id

),

services as (

    select
        people.evaluation_on,
        people.person_number,
        people.customer_id,
        subscription_periods.cancel_requested_on,
        first_days.term_from,
        {{ interval_months }} as term_months
    from people
    inner join subscription_periods
        on
        people.customer_id = subscription_periods.customer_id
        and people.evaluation_on >= subscription_periods.starts_on
        and (
            subscription_periods.ends_on is null
            or people.evaluation_on < subscription_periods.ends_on
        )
    inner join first_days
        on
        subscription_periods.customer_id = first_days.customer_id
        and subscription_periods.subscription_id = first_days.subscription_id

),

-- the first end of a term on or after the day lies in this month or begins the term after it
term_ends as (

    select
        services.evaluation_on,
        services.person_number,
        services.customer_id,
        rules.threshold,
        rules.window_days,
        {{ add_months(
            'services.term_from',
            'services.term_months * greatest(1, ceil(cast(' ~ months_begun
            ~ ' as double) / nullif(cast(services.term_months as double), 0)))'
        ) }} as first_end_on,
        {{ add_months(
            'services.term_from',
            'services.term_months * (1 + greatest(1, ceil(cast(' ~ months_begun
            ~ ' as double) / nullif(cast(services.term_months as double), 0))))'
        ) }} as second_end_on
    from services
    inner join rules
        on
        rules.signal = 'term_ending'
        and services.term_months * 30 >= rules.minimum

),

terms as (

    select
        evaluation_on,
        person_number,
        customer_id,
        threshold,
        window_days,
        min(
            case when first_end_on > evaluation_on then first_end_on else second_end_on end
        ) as term_ends_on
    from term_ends
    group by
        evaluation_on,
        person_number,
        customer_id,
        threshold,
        window_days

),

-- who has asked to cancel is talked to about that
cancelling as (

    select
        evaluation_on,
        person_number,
        min(cancel_requested_on) as since_on
    from services
    where cancel_requested_on <= evaluation_on
    group by
        evaluation_on,
        person_number

),

final as (

    select
        evaluation_on,
        person_number,
        'cancel_requested' as signal,
        cast(1 as double) as value,
        cast(null as double) as baseline,
        since_on
    from cancelling

    union all

    select
        terms.evaluation_on,
        terms.person_number,
        'term_ending' as signal,
        cast({{ days_between('terms.evaluation_on', 'terms.term_ends_on') }} as double) as value,
        cast(null as double) as baseline,
        {{ add_days(
            'terms.term_ends_on', '-cast(floor(terms.threshold) as integer)'
        ) }} as since_on
    from terms
    left join cancelling
        on
        terms.evaluation_on = cancelling.evaluation_on
        and terms.person_number = cancelling.person_number
    left join interactions
        on
        terms.customer_id = interactions.customer_id
        and terms.evaluation_on >= interactions.occurred_on
        and interactions.occurred_on > {{ add_days('terms.evaluation_on', '-terms.window_days') }}
    where
        interactions.customer_id is null
        and cancelling.person_number is null

    union all

    select
        people.evaluation_on,
        people.person_number,
        'payment_failed' as signal,
        cast(count(*) as double) as value,
        cast(null as double) as baseline,
        min(payment_failures.failed_on) as since_on
    from people
    inner join payment_failures
        on
        people.customer_id = payment_failures.customer_id
        and people.evaluation_on >= payment_failures.failed_on
        and (
            payment_failures.paid_on is null
            or people.evaluation_on < payment_failures.paid_on
        )
    inner join rules
        on payment_failures.failed_on > {{ add_days('people.evaluation_on', '-rules.window_days') }}
    where rules.signal = 'payment_failed'
    group by
        people.evaluation_on,
        people.person_number

    union all

    select
        people.evaluation_on,
        people.person_number,
        'tier_lost' as signal,
        cast(tiers_lost.steps as double) as value,
        cast(null as double) as baseline,
        tiers_lost.lost_on as since_on
    from people
    inner join tiers_lost
        on
        people.person_number = tiers_lost.person_number
        and people.evaluation_on >= tiers_lost.lost_on
        and (tiers_lost.valid_to is null or people.evaluation_on < tiers_lost.valid_to)
    inner join rules
        on tiers_lost.lost_on > {{ add_days('people.evaluation_on', '-rules.window_days') }}
    where rules.signal = 'tier_lost'

)

select * from final
