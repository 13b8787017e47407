"""What is told when the guards themselves break."""

from orchestration.guard import _tail

LEAKS = """nanobind: leaked 2 instances!
 - leaked instance 0x55ebe4659940 of type "_duckdb.DuckDBPyConnection"
 - ... skipped remainder
nanobind: leaked 84 functions!
 - leaked function "torch"
nanobind: this is likely caused by a reference counting issue in the binding code.
See https://nanobind.readthedocs.io/en/latest/refleaks.html
"""


def test_the_error_is_told_and_not_what_the_client_leaked():
    """The reason would scroll away under what DuckDB's client says at every failing end."""
    output = "\n".join(f"frame {number}" for number in range(20)) + "\nGateError: no such seed\n"
    told = _tail(output + LEAKS)
    assert told.endswith("frame 19\nGateError: no such seed")
    assert len(told.splitlines()) == 15
