-- the 200 people of whom most is expected, with the interval
select lifetime.customer_id, people.account_owner_id as owner_id, lifetime.realised_revenue,
    lifetime.p_alive, lifetime.predicted_value_52w, lifetime.predicted_low,
    lifetime.predicted_high
from lifetime_value.customer_lifetime_value as lifetime
inner join core.customers as people using (customer_id)
where lifetime.predicted_value_52w is not null
order by lifetime.predicted_value_52w desc, lifetime.customer_id
limit 200
