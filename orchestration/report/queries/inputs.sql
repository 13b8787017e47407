-- what was delivered and read
select input, count(*) as files, sum(rows_read) as rows_read, sum(rows_loaded) as rows_loaded,
    sum(rows_refused) as rows_refused, sum(rows_superseded) as rows_superseded,
    max(loaded_at) as loaded_at
from quality.input_loads
group by input
order by rows_read desc, input
