-- what checks of the latest refresh that reached them said
select input, "rule", severity, rows_checked, rows_failed, expected
from quality.input_checks
where not is_success
qualify dense_rank() over (order by refresh_id desc) = 1
order by rows_failed desc, input, "rule"
limit 50
