-- people by loyalty tier and state at the cutoff
select tier, lifecycle_state as state, count(*) as customers, sum(monetary) as revenue
from segmentation.customer_segments
where tier is not null
group by tier, lifecycle_state
order by avg(sum(monetary) / count(*)) over (partition by tier), tier, state
