-- the customers whom to keep first
select customer_id, owner_id, value_at_risk, score, leading_signal, since_on,
    coalesce(contact_channel, 'none') as contact_channel
from win_back.at_risk_customers
order by value_at_risk desc nulls last, risk_rank, customer_id
limit 200
