-- One row per basis, person and month in which the person was lost (set S \ E of
-- retention.retention_rates): when, what they brought a year until then, and whether they came back
-- (definitions §4, Cost of churn). A year is own average order x own orders a year, over at least
-- 365 days, or twelve times the MRR at the open of the month in which it last went to 0.
with

events as (

    select
        person_number,
        basis,
        period_number,
        valued_on
    from {{ ref('int_presence_events') }}
    where grain = 'month' and event = 'lost' and basis <> 'any'

),

presence as (

    select
        person_number,
        customer_id,
        basis,
        first_day,
        present_from,
        present_to
    from {{ ref('int_presence') }}
    where basis <> 'any'

),

orders as (

    select
        customer_id,
        ordered_on,
        net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null

),

mrr_months as (

    select
        customer_id,
        currency,
        period_start,
        opening_mrr_native
    from {{ ref('int_mrr_months') }}
    where movement in ('churn', 'pause')

),

mrr_balances as (

    select
        customer_id,
        currency,
        valid_to,
        mrr_native
    from {{ ref('int_mrr_balances') }}
    where mrr_native > 0 and valid_to is not null

),

mrr_rates as (

    select
        currency,
        period_start,
        opening_rate,
        closing_rate
    from {{ ref('int_mrr_rates') }}

),

-- what a person had at the open of a month in which it went to 0
last_mrr as (

    select
        mrr_months.customer_id,
        mrr_months.period_start,
        sum({{ convert_mrr('mrr_months.opening_mrr_native', 'mrr_rates.opening_rate') }})
            as opening_mrr
    from mrr_months
    inner join mrr_rates
        on
        mrr_months.currency = mrr_rates.currency
        and mrr_months.period_start = mrr_rates.period_start
    where mrr_months.opening_mrr_native > 0
    group by
        mrr_months.customer_id,
        mrr_months.period_start

),

-- who was lost twice in a month went for good with the last loss
losses as (

    select
        events.basis,
        events.person_number,
        events.period_number,
        events.valued_on,
        presence.customer_id,
        presence.first_day,
        max(presence.present_to) as lost_on
    from events
    inner join presence
        on
        events.person_number = presence.person_number
        and events.basis = presence.basis
        and events.period_number = {{ period_number("'month'", 'presence.present_to') }}
    group by
        events.basis,
        events.person_number,
        events.period_number,
        events.valued_on,
        presence.customer_id,
        presence.first_day

),

returns as (

    select
        losses.basis,
        losses.person_number,
        losses.period_number,
        min(presence.present_from) as returned_on
    from losses
    inner join presence
        on
        losses.person_number = presence.person_number
        and losses.basis = presence.basis
        and losses.lost_on < presence.present_from
    group by
        losses.basis,
        losses.person_number,
        losses.period_number

),

purchases as (

    select
        losses.person_number,
        losses.period_number,
        count(*) as orders,
        sum(orders.net_revenue) as net_revenue
    from losses
    inner join orders
        on
        losses.customer_id = orders.customer_id
        and losses.lost_on > orders.ordered_on
    where losses.basis = 'orders'
    group by
        losses.person_number,
        losses.period_number

),

-- the service that was the last before the loss, which may be a pause's end of grace later
last_services as (

    select
        losses.person_number,
        losses.period_number,
        losses.customer_id,
        max(mrr_balances.valid_to) as served_until
    from losses
    inner join mrr_balances
        on
        losses.customer_id = mrr_balances.customer_id
        and losses.lost_on >= mrr_balances.valid_to
    where losses.basis = 'subscriptions'
    group by
        losses.person_number,
        losses.period_number,
        losses.customer_id

),

service_months as (

    select
        *,
        {{ period_first_day("'month'", period_number("'month'", 'served_until')) }} as period_start
    from last_services

),

-- who came and went within the month had nothing at its open: what they had on their last day
services as (

    select
        service_months.person_number,
        service_months.period_number,
        coalesce(
            last_mrr.opening_mrr,
            sum(
                {{ convert_mrr(
                    'mrr_balances.mrr_native',
                    'coalesce(mrr_rates.opening_rate, mrr_rates.closing_rate)'
                ) }}
            )
        ) as last_mrr
    from service_months
    inner join mrr_balances
        on
        service_months.customer_id = mrr_balances.customer_id
        and service_months.served_until = mrr_balances.valid_to
    left join mrr_rates
        on
        mrr_balances.currency = mrr_rates.currency
        and service_months.period_start = mrr_rates.period_start
    left join last_mrr
        on
        service_months.customer_id = last_mrr.customer_id
        and service_months.period_start = last_mrr.period_start
    group by
        service_months.person_number,
        service_months.period_number,
        last_mrr.opening_mrr

),

final as (

    select
        losses.basis,
        losses.person_number,
        losses.customer_id,
        losses.period_number,
        losses.valued_on,
        losses.lost_on,
        returns.returned_on,
        purchases.orders,
        cast(
            case losses.basis
                when 'orders'
                    then {{ prorate_money(
                        'cast(greatest(coalesce(purchases.net_revenue, 0), 0) as decimal(18, 2))',
                        'cast(365 as decimal(18, 2))',
                        'cast(greatest(' ~ days_between('losses.first_day', 'losses.lost_on')
                        ~ ', 365) as decimal(18, 2))'
                    ) }}
                else 12 * coalesce(services.last_mrr, 0)
            end as decimal(18, 2)
        ) as annual_revenue
    from losses
    left join returns
        on
        losses.basis = returns.basis
        and losses.person_number = returns.person_number
        and losses.period_number = returns.period_number
    left join purchases
        on
        losses.basis = 'orders'
        and losses.person_number = purchases.person_number
        and losses.period_number = purchases.period_number
    left join services
        on
        losses.basis = 'subscriptions'
        and losses.person_number = services.person_number
        and losses.period_number = services.period_number

)

select * from final
