-- scores over time
select survey, grain, period_start, people, score, score_low, score_high, response_rate,
    is_complete, is_small
from voice_of_customer.satisfaction
where dimension = 'all' and grain in ('month', 'quarter', 'year')
qualify dense_rank() over (partition by grain order by period_start desc) <= 36
order by survey desc, grain, period_start
