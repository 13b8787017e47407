-- Survival never rises, stays within 0 and 1, and the counts of each day leave the next day's gaps
-- at risk.
with

curve as (

    select
        day,
        at_risk,
        completed,
        censored,
        survival,
        lag(survival) over days as previous_survival,
        lead(at_risk) over days as next_at_risk
    from {{ ref('lapse_curve') }}
    window days as (order by day nulls first)

)

select *
from curve
where
    survival < 0
    or survival > 1
    -- a running sum of logarithms is exact to some 15 digits
    or survival > coalesce(previous_survival, 1) + 1e-12
    or completed > at_risk
    or next_at_risk != at_risk - completed - censored
