-- E46: an amount that counts and whose day has no exchange rate fails the build, named by currency and day; it
-- never becomes 0. Everything that reads valued orders and refunds waits for this test.
select
    'order' as what,
    currency,
    ordered_on as missing_on,
    count(*) as amounts
from {{ ref('int_orders_valued') }}
where is_rate_missing
group by
    currency,
    ordered_on

union all

select
    'refund' as what,
    currency,
    refunded_on as missing_on,
    count(*) as amounts
from {{ ref('int_refunds_valued') }}
where is_rate_missing
group by
    currency,
    refunded_on
