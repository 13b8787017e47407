-- 12 months ahead with the interval, and how far earlier forecasts were off
select measure, period_start, forecast, low_80, high_80, low_95, high_95, backtest_error,
    naive_error, covered_80_rate
from revenue.revenue_forecast
order by measure desc, period_start
