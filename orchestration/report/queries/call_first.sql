-- the lost whom to call first
select customer_id, owner_id, category, expected_value, annual_revenue, chance_of_return,
    coalesce(last_reason_code, '(none)') as reason_code, lost_on,
    coalesce(contact_channel, 'none') as contact_channel
from win_back.win_back_candidates
where category <> 'let_go'
order by category <> 'first', category <> 'must', expected_value desc nulls last, customer_id
limit 200
