# One row per fit, model, segment and parameter: the maximum likelihood estimates (definitions §5).
# The mathematics, and the tests of it, are in orchestration/lifetime_value.
from orchestration.lifetime_value.parameters import parameter_table


def model(dbt, session):
    fits = dbt.ref("int_value_fits").fetchnumpy()
    purchases = dbt.ref("int_purchase_cells").fetchnumpy()
    spend = dbt.ref("int_spend_cells").fetchnumpy()
    renewals = dbt.ref("int_renewal_cells").fetchnumpy()
    return parameter_table(fits, purchases, spend, renewals)
