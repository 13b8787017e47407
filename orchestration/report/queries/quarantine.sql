-- refused and not healed, by input and rule
select input, "rule", count(*) as rows_refused, max(refused_at) as refused_at
from quality.quarantined_rows
where healed_at is null
group by input, "rule"
order by rows_refused desc, input, "rule"
limit 15
