-- numbers of final periods that later refreshes changed
select restated_at, mart, cell, measure, as_first_published, as_published_before, as_now, cause
from quality.restatements
order by restated_at desc, mart, cell
limit 200
