-- the back-test: what was predicted beside what came, by decile
select model, decile, customers, predicted_per_customer, actual_per_customer, fitted_through,
    judged_through, is_small
from lifetime_value.model_calibration
order by model, decile
