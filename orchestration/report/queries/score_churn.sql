-- of people with a score, how many were lost later
select survey, window_days, score_band, people, lost, churn_rate, churn_rate_low,
    churn_rate_high, is_small
from voice_of_customer.satisfaction_and_churn
where basis = 'any'
order by survey desc, window_days, churn_rate desc
