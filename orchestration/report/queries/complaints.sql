-- complaints by month and category
select period_start, category, complaints, complainers, unresolved, median_resolution_hours,
    is_complete, is_small
from voice_of_customer.complaints
where grain = 'month' and category <> '(all)'
order by period_start, category
