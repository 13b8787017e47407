-- One row per subscriber and local day on which they came to have neither service nor pause, with
-- why (definitions §4, churn; E70, E73, E87): the reason of what went that day, the largest in
-- reporting currency; voluntary where they left out of a pause.
with

services as (

    select
        customer_id,
        valid_from as lost_on
    from {{ ref('int_subscription_services') }}
    where service = 'none'

),

day_losses as (

    select
        customer_id,
        period_start as lost_on,
        subscription_before,
        item_id,
        kind,
        end_reason,
        currency_before,
        mrr_native_before
    from {{ ref('int_mrr_changes') }}
    where grain = 'day' and mrr_native_after = 0

),

exchange_rates as (

    select
        currency,
        valid_from,
        valid_to,
        rate_to_reporting
    from {{ ref('int_exchange_rates') }}

),

items as (

    select
        services.customer_id,
        services.lost_on,
        day_losses.end_reason,
        row_number() over (
            partition by services.customer_id, services.lost_on
            order by
                {{ convert_mrr(
                    'day_losses.mrr_native_before', 'exchange_rates.rate_to_reporting'
                ) }} desc nulls last,
                day_losses.subscription_before asc nulls first,
                day_losses.item_id asc nulls first,
                day_losses.kind asc nulls first
        ) as place
    from services
    left join day_losses
        on
        services.customer_id = day_losses.customer_id
        and services.lost_on = day_losses.lost_on
    left join exchange_rates
        on
        day_losses.currency_before = exchange_rates.currency
        and day_losses.lost_on >= exchange_rates.valid_from
        and day_losses.lost_on < exchange_rates.valid_to

),

final as (

    select
        customer_id,
        lost_on,
        case
            when end_reason in ('voluntary', 'involuntary', 'free_plan', 'completed_term')
                then end_reason
            -- left out of a pause
            when end_reason is null or end_reason = 'pause' then 'voluntary'
            else 'unstated'
        end as churn_type
    from items
    where place = 1

)

select * from final
