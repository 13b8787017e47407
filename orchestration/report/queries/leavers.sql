-- traits that the lost have more often than those who stayed
select trait, value, customers, lost_customers, share_of_lost, share_of_retained, lift,
    churn_rate, churn_rate_low, churn_rate_high, is_small
from segmentation.segment_profiles
where lift is not null and value <> '(none)'
order by is_small, lift desc, trait, value
limit 15
