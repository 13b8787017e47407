# One row per fit, frequency and age in days: what is expected of who is alive (definitions §5).
# The mathematics, and the tests of it, are in orchestration/lifetime_value.
from orchestration.lifetime_value.expectations import expectation_table


def model(dbt, session):  # noqa: ANN001, ANN201, ARG001, D103 - dbt's own signature
    fits = dbt.ref("int_value_fits").fetchnumpy()
    parameters = dbt.ref("int_value_parameters").fetchnumpy()
    keys = dbt.ref("int_value_keys").fetchnumpy()
    return expectation_table(fits, parameters, keys)
