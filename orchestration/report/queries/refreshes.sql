-- the latest refreshes
select refresh_id, finished_at, result, cutoff_day, duration_seconds
from quality.refreshes
order by started_at desc
limit 20
