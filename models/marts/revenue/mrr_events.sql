-- One row per person, item and local day that changes MRR, its currency and cause (definitions §4):
-- what happened to the item, in the light of the person's other items. Moves within a day net out
-- (E58); native changes sum to the person's balance. Causes are netted per person and month only in
-- mrr_movements.
with

changes as (

    select
        customer_id,
        subscription_before,
        subscription_after,
        item_id,
        kind,
        period_start as event_on,
        changed_at as event_at,
        end_reason,
        plan_before,
        plan_after,
        currency_before,
        currency_after,
        is_currency_change,
        mrr_native_before,
        mrr_native_after,
        sub_type
    from {{ ref('int_mrr_changes') }}
    where grain = 'day'

),

services as (

    select
        customer_id,
        service,
        previous_service,
        valid_from,
        lag(valid_from) over (
            partition by customer_id
            order by valid_from nulls first
        ) as previous_from
    from {{ ref('int_subscription_services') }}

),

lifecycle as (

    select
        customer_id,
        valid_from as first_paid_on
    from {{ ref('customer_lifecycle') }}
    where basis = 'subscriptions' and spell_number = 1

),

exchange_rates as (

    select
        currency,
        valid_from,
        valid_to,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

rated as (

    select
        changes.*,
        rates_before.rate_to_reporting as rate_before,
        rates_after.rate_to_reporting as rate_after,
        services.service,
        services.previous_service,
        services.previous_from,
        lifecycle.first_paid_on
    from changes
    inner join lifecycle
        on changes.customer_id = lifecycle.customer_id
    left join services
        on
        changes.customer_id = services.customer_id
        and changes.event_on = services.valid_from
    left join exchange_rates as rates_before
        on
        changes.currency_before = rates_before.currency
        and changes.event_on >= rates_before.valid_from
        and changes.event_on < rates_before.valid_to
    left join exchange_rates as rates_after
        on
        changes.currency_after = rates_after.currency
        and changes.event_on >= rates_after.valid_from
        and changes.event_on < rates_after.valid_to

),

-- The old currency's worth in the new one, at the rates of the day (E80).
exchanged as (

    select
        *,
        case
            when is_currency_change
                then {{ exchange_mrr('mrr_native_before', 'rate_before', 'rate_after') }}
            else mrr_native_before
        end as exchanged_mrr_native,
        case
            when mrr_native_before = 0 then cast(0 as decimal(18, 2))
            else {{ convert_mrr('mrr_native_before', 'rate_before') }}
        end as mrr_before,
        case
            when mrr_native_after = 0 then cast(0 as decimal(18, 2))
            else {{ convert_mrr('mrr_native_after', 'rate_after') }}
        end as mrr_after
    from rated

),

caused as (

    select
        *,
        case
            -- the person is served before and after
            when service is null and mrr_native_after >= exchanged_mrr_native then 'expansion'
            when service is null then 'contraction'
            when service = 'paused' then 'pause'
            when service = 'none' then 'churn'
            when previous_service = 'paused' then 'resume'
            when first_paid_on = event_on then 'new'
            when
                {{ var('reactivation_window_days') }} > 0
                and {{ days_between('previous_from', 'event_on') }}
                > {{ var('reactivation_window_days') }}
                then 'new'
            else 'reactivation'
        end as cause
    from exchanged

),

ledger as (

    select
        customer_id,
        coalesce(subscription_after, subscription_before) as subscription_id,
        case when subscription_before != subscription_after then subscription_before end
            as previous_subscription_id,
        item_id,
        kind,
        event_at,
        event_on,
        coalesce(currency_after, currency_before) as currency,
        cause,
        case
            when cause in ('expansion', 'contraction') then sub_type
            when cause != 'churn' then null
            when end_reason in ('voluntary', 'involuntary', 'free_plan', 'completed_term')
                then end_reason
            else 'unstated'
        end as sub_type,
        plan_before,
        plan_after,
        exchanged_mrr_native as mrr_native_before,
        mrr_native_after,
        coalesce(rate_after, rate_before) as exchange_rate,
        mrr_before,
        mrr_after
    from caused
    where mrr_native_after != exchanged_mrr_native

    union all

    select
        customer_id,
        subscription_after as subscription_id,
        case when subscription_before != subscription_after then subscription_before end
            as previous_subscription_id,
        item_id,
        kind,
        event_at,
        event_on,
        currency_before as currency,
        'currency_transfer' as cause,
        cast(null as varchar) as sub_type,
        plan_before,
        plan_after,
        mrr_native_before,
        cast(0 as decimal(18, 6)) as mrr_native_after,
        rate_before as exchange_rate,
        mrr_before,
        cast(0 as decimal(18, 2)) as mrr_after
    from caused
    where is_currency_change

    union all

    select
        customer_id,
        subscription_after as subscription_id,
        case when subscription_before != subscription_after then subscription_before end
            as previous_subscription_id,
        item_id,
        kind,
        event_at,
        event_on,
        currency_after as currency,
        'currency_transfer' as cause,
        cast(null as varchar) as sub_type,
        plan_before,
        plan_after,
        cast(0 as decimal(18, 6)) as mrr_native_before,
        exchanged_mrr_native as mrr_native_after,
        rate_after as exchange_rate,
        cast(0 as decimal(18, 2)) as mrr_before,
        case when exchanged_mrr_native is not null then mrr_before end as mrr_after
    from caused
    where is_currency_change

),

final as (

    select
        customer_id,
        subscription_id,
        previous_subscription_id,
        item_id,
        kind,
        event_at,
        event_on,
        currency,
        cause,
        sub_type,
        plan_before,
        plan_after,
        mrr_native_before,
        mrr_native_after,
        cast(mrr_native_after - mrr_native_before as decimal(18, 6)) as mrr_native_change,
        exchange_rate,
        mrr_before,
        mrr_after,
        cast(mrr_after - mrr_before as decimal(18, 2)) as mrr_change
    from ledger

)

select * from final
