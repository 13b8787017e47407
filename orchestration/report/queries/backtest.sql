-- the models beside two guesses
select model, measure, model_value, same_rate, nobody_returns, actual, customers, judged_through
from lifetime_value.model_backtest
order by model, measure
