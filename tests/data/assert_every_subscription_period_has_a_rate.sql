-- Paid service in a currency whose rate is missing, or too old, on the day it starts: never worth 0
-- (E46).
select
    currency,
    starts_on as rate_missing_on,
    count(*) as subscription_periods
from {{ ref('subscription_periods') }}
where is_paid and mrr is null
group by
    currency,
    starts_on
