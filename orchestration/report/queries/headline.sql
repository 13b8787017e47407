-- the last complete month beside the one before it, one row per number
with people as (
    select
        period_start, opening, closing, lost, returned, "new", churn_rate, retention_rate,
        lag(closing) over (order by period_start) as closing_before,
        lag(lost) over (order by period_start) as lost_before,
        lag("new") over (order by period_start) as new_before,
        lag(churn_rate) over (order by period_start) as churn_before,
        lag(retention_rate) over (order by period_start) as retention_before
    from retention.retention_rates
    where grain = 'month' and basis = 'any' and dimension = 'all' and is_complete
    order by period_start desc
    limit 1
),

revenue as (
    select
        period_start, sum(revenue) as revenue,
        lag(sum(revenue)) over (order by period_start) as revenue_before
    from revenue.revenue_growth
    where grain = 'month' and refund_basis = 'order_basis' and is_complete
    group by period_start
    order by period_start desc
    limit 1
),

recurring as (
    select
        period_start, closing_revenue, gross_retention_rate, net_retention_rate,
        lag(closing_revenue) over (order by period_start) as mrr_before,
        lag(gross_retention_rate) over (order by period_start) as grr_before,
        lag(net_retention_rate) over (order by period_start) as nrr_before
    from revenue.revenue_retention
    where grain = 'month' and basis = 'subscriptions' and dimension = 'all' and is_complete
    order by period_start desc
    limit 1
),

lost_revenue as (
    select
        period_start, basis, annual_revenue_lost,
        lag(annual_revenue_lost) over (partition by basis order by period_start) as lost_before
    from revenue.lost_revenue
    where grain = 'month' and dimension = 'all' and is_complete
    qualify row_number() over (partition by basis order by period_start desc) = 1
)

select 'customers' as metric, 'count' as unit, closing::double as value,
    closing_before::double as previous, period_start
from people
union all
select 'lost', 'count', lost, lost_before, period_start from people
union all
select 'new_customers', 'count', "new", new_before, period_start from people
union all
select 'churn_rate', 'rate', churn_rate, churn_before, period_start from people
union all
select 'retention_rate', 'rate', retention_rate, retention_before, period_start from people
union all
select 'revenue', 'money', revenue, revenue_before, period_start from revenue
union all
select 'lost_revenue_' || basis, 'money', annual_revenue_lost, lost_before, period_start
from lost_revenue
union all
select 'mrr', 'money', closing_revenue, mrr_before, period_start from recurring
union all
select 'gross_retention_rate', 'rate', gross_retention_rate, grr_before, period_start
from recurring
union all
select 'net_retention_rate', 'rate', net_retention_rate, nrr_before, period_start from recurring
