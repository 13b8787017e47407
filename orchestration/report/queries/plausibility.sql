-- days outside the range that the weeks before them let expect
select day, measure, cast(total as double) as total, cast(expected as double) as expected,
    cast(expected_low as double) as expected_low, cast(expected_high as double) as expected_high
from quality.plausibility
where is_outside
order by day desc, measure
