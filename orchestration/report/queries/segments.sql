-- people by what they are at the cutoff
select coalesce(rfm_segment, '(none)') as segment, count(*) as customers,
    count(*) filter (where lifecycle_state = 'lost') as lost_customers,
    sum(monetary) as revenue
from segmentation.customer_segments
where rfm_segment is not null
group by rfm_segment
order by customers desc, segment
