-- Customers of a tenure band are those of retention_rates at the close, orders and money of
-- everybody those of all valid orders of people; totals are the sums of their parts, and the new
-- begin where the long-standing end (definitions §4, Discounts).
with

discounts as (

    select
        period_start,
        tenure_band,
        value_class,
        customers,
        orders,
        contacts,
        discount_amount,
        gross_amount
    from {{ ref('discounts') }}

),

tenure_bands as (

    select from_months
    from {{ ref('tenure_bands') }}

),

closings as (

    select
        period_start,
        value as tenure_band,
        closing
    from {{ ref('retention_rates') }}
    where grain = 'month' and basis = 'any' and dimension = 'tenure_band'

),

orders as (

    select
        cast(date_trunc('month', ordered_on) as date) as period_start,
        count(*) as orders,
        sum({{ convert_money('gross_amount', 'exchange_rate') }}) as gross_amount,
        sum({{ convert_money('discount_amount', 'exchange_rate') }}) as discount_amount
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
    group by cast(date_trunc('month', ordered_on) as date)

),

parts as (

    select
        period_start,
        sum(case when tenure_band = 'all' then customers else 0 end) as all_customers,
        sum(case when tenure_band = 'all' then contacts else 0 end) as all_contacts,
        sum(
            case when tenure_band in ('new', 'long_standing', '(none)') then customers else 0 end
        ) as group_customers,
        sum(
            case when tenure_band in ('new', 'long_standing', '(none)') then contacts else 0 end
        ) as group_contacts,
        sum(
            case
                when tenure_band not in ('new', 'long_standing', 'all') then customers else 0
            end
        ) as band_customers
    from discounts
    where value_class <> 'all'
    group by period_start

)

select
    'customers' as what,
    closings.period_start,
    closings.tenure_band
from closings
left join discounts
    on
    closings.period_start = discounts.period_start
    and closings.tenure_band = discounts.tenure_band
    and discounts.value_class = 'all'
where closings.closing <> coalesce(discounts.customers, 0)

union all

select
    'orders' as what,
    orders.period_start,
    'all' as tenure_band
from orders
left join discounts
    on
    orders.period_start = discounts.period_start
    and discounts.tenure_band = 'all'
    and discounts.value_class = 'all'
where
    orders.orders is distinct from discounts.orders
    or orders.gross_amount is distinct from discounts.gross_amount
    or orders.discount_amount is distinct from discounts.discount_amount

union all

select
    'totals' as what,
    parts.period_start,
    'all' as tenure_band
from parts
inner join discounts
    on
    parts.period_start = discounts.period_start
    and discounts.tenure_band = 'all'
    and discounts.value_class = 'all'
where
    parts.all_customers <> discounts.customers
    or parts.group_customers <> discounts.customers
    or parts.band_customers <> discounts.customers
    or parts.all_contacts <> discounts.contacts
    or parts.group_contacts <> discounts.contacts

union all

select
    'long_standing_months is no beginning of a band of seeds/tenure_bands' as what,
    cast(null as date) as period_start,
    cast(null as string) as tenure_band
from tenure_bands
having sum(case when from_months = {{ var('long_standing_months') }} then 1 else 0 end) <> 1
