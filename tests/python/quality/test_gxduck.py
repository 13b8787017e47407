"""The shim between Great Expectations and DuckDB."""

import os
import socket

import duckdb
import pytest

from orchestration.quality import gxduck

gxe = pytest.importorskip("great_expectations.expectations")


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        con.execute("create schema guard")
        con.execute(
            """create table guard.sales as
            select range as _row, case when range % 1000 = 7 then null else range end as amount,
                timestamp '2026-01-01' + to_seconds(range) as sold_at,
                case when range % 5000 = 3 then 'EURO' else 'EUR' end as currency,
                case when range < 11 then 'unheard_of' else 'paid' end as status
            from range(50000)"""
        )
        yield con


def required(column="amount"):
    return gxe.ExpectColumnValuesToNotBeNull(column=column, meta={"check_id": "required"})


def test_counts_through_great_expectations_are_those_of_duckdb(con):
    """DuckDB's streaming client makes results come back empty: every check would pass."""
    rows = con.execute("select count(*) from guard.sales").fetchall()[0][0]
    with gxduck.open_gate(con) as gate:
        (finding,) = gate.check("guard", "sales", [required()])
    assert finding.rows_checked == rows == 50_000
    assert finding.rows_failed == 50
    found = con.execute(f"select count(*), min(_row), max(_row) from ({finding.query})").fetchall()
    assert found == [(50, 7, 49_007)]


def test_every_kind_of_expectation_finds_its_planted_rows(con):
    """An expectation that works on other engines may find nothing on this one."""
    meta = {"check_id": "x"}
    planted = [
        (gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=5, meta=meta), 5),
        (
            gxe.ExpectColumnValuesToBeBetween(
                column="amount", min_value=5, strict_min=True, meta=meta
            ),
            6,
        ),
        (gxe.ExpectColumnValuesToBeBetween(column="amount", max_value=49_997, meta=meta), 2),
        (
            gxe.ExpectColumnValuesToMatchRegex(column="currency", regex="^[A-Z]{3}$", meta=meta),
            10,
        ),
        (
            gxe.ExpectColumnValuesToBeInSet(column="status", value_set=["paid", "it's"], meta=meta),
            11,
        ),
        (gxe.ExpectColumnValuesToBeNull(column="status", meta=meta), 50_000),
    ]
    with gxduck.open_gate(con) as gate:
        for expectation, count in planted:
            (finding,) = gate.check("guard", "sales", [expectation])
            assert finding.rows_failed == count, expectation


def test_results_that_come_back_empty_are_refused(con, monkeypatch):
    """Without the shim the checks must not pass, they must break."""
    monkeypatch.setattr(gxduck, "_fetch_at_once", lambda *_: None)
    refusal = r"canary|does not see the 7 rows|list index"
    with pytest.raises(Exception, match=refusal), gxduck.open_gate(con):
        pass


def test_a_batch_seen_empty_is_refused(con, monkeypatch):
    """A gate that proved itself may still see one table empty."""
    with gxduck.open_gate(con) as gate:
        monkeypatch.setattr(gate, "_count", lambda _: 49_999)
        with pytest.raises(gxduck.GateError, match=r"does not see the 49,999 rows of guard\.sales"):
            gate.check("guard", "sales", [required()])


def test_an_expectation_that_cannot_run_is_no_pass(con):
    """A mistyped column must break the checks instead of counting as fine."""
    with gxduck.open_gate(con) as gate, pytest.raises(gxduck.GateError, match="no_such_column"):
        gate.check("guard", "sales", [required("no_such_column")])


def test_no_table_comes_into_memory(con, monkeypatch):
    """Great Expectations may ask for counts and metadata, never for the rows."""
    fetched = []
    fetch = gxduck._fetch_at_once

    def counting(conn, cursor, statement, parameters, context, executemany):
        fetch(conn, cursor, statement, parameters, context, executemany)
        if context is not None and cursor.description:
            fetched.append(len(context.cursor_fetch_strategy._rowbuffer))

    monkeypatch.setattr(gxduck, "_fetch_at_once", counting)
    with gxduck.open_gate(con) as gate:
        (finding,) = gate.check(
            "guard",
            "sales",
            [gxe.ExpectColumnValuesToBeNull(column="status", meta={"check_id": "all fail"})],
        )
    assert finding.rows_failed == 50_000
    assert fetched
    assert max(fetched) <= 50


def test_a_query_for_many_rows_is_refused(con, monkeypatch):
    """Should a new release of Great Expectations pull rows, it is noticed at once."""
    monkeypatch.setattr(gxduck, "MOST_ROWS_FETCHED", 0)
    with pytest.raises(Exception, match="asked for more than 0 rows"), gxduck.open_gate(con):
        pass


def test_nothing_phones_home(con, monkeypatch):
    """Great Expectations could report its use to its maker."""

    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with gxduck.open_gate(con) as gate:
        gate.check("guard", "sales", [required()])
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
