-- the next 12 months if monthly churn changed and nothing else did
select basis, scenario, churn_rate, scenario_churn_rate, customers_in_12_months,
    revenue_12_months, revenue_change, margin_change
from revenue.churn_sensitivity
order by basis, scenario_churn_rate
