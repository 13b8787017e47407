-- where the people of a segment were a month later, last complete month
select period_start, from_segment, to_segment, from_customers, customers, migration_rate,
    is_complete, is_small
from segmentation.segment_migration
where grain = 'month' and from_customers is not null
qualify dense_rank() over (order by is_complete desc, period_start desc) = 1
order by from_segment, to_segment
