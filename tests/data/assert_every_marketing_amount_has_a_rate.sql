-- Marketing spend in a currency without a rate on its day would count as nothing (E46).
select
    acquisition_channel,
    month_number,
    amounts_without_rate
from {{ ref('int_marketing_spend') }}
where amounts_without_rate > 0
