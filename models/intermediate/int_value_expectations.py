# One row per fit, frequency and age in days: what is expected of who is alive (definitions §5).
# The mathematics, and the tests of it, are in orchestration/lifetime_value.
from orchestration.lifetime_value.expectations import expectation_table


def model(dbt, session):
    fits = dbt.ref("int_value_fits").fetchnumpy()
    parameters = dbt.ref("int_value_parameters").fetchnumpy()
    keys = dbt.ref("int_value_keys").fetchnumpy()
    return expectation_table(fits, parameters, keys)
