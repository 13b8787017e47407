"""The mathematics of lifetime value: plain numpy and scipy, on counts, never on rows per person.

Two dbt models call it (models/intermediate/int_value_parameters.py and int_value_expectations.py);
everything per person is SQL on what these two return.
"""
