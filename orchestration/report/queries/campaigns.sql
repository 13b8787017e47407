-- who came back after a campaign, beside the people held back
select campaign_name, first_sent_on, sent, people, returned, return_rate, control_people,
    control_return_rate, uplift, uplift_low, uplift_high, incremental_revenue, cost, evidence,
    is_complete, is_small
from win_back.campaign_outcomes
where dimension = 'all' and variant = 'treatment'
order by uplift is null, first_sent_on desc, campaign_id
limit 20
