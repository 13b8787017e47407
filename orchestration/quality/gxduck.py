"""Great Expectations on DuckDB 2.0, made safe against results that silently come back empty.

Great Expectations knows no DuckDB, and used as it comes it fails in three ways:

* DuckDB's Python client streams. Great Expectations reads a result after its connection went back
  to the pool, and then finds it EMPTY, without an error: every check would pass. Results are
  therefore fetched at once. Only aggregates and metadata are ever asked for; more than
  `MOST_ROWS_FETCHED` rows in one result raise, so that no table can come into memory unnoticed.
* It looks up types and the regex operator in the dialect's module, which for DuckDB is missing:
  Postgres' stand in (`~` searches in both).
* A second connection with other options is refused by DuckDB. The gate works on cursors of the
  connection it is given, so there is one database instance and one lock.

Trust is checked, not assumed: each gate first proves on a planted batch that failing rows are
found with their exact count, and each batch is compared with DuckDB's own row count.

Importing this module imports Great Expectations (seconds, 255 MB): import it inside functions.
"""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read on import: nothing may phone home

import builtins
import itertools
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.core import ExpectationSuite
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import Expectation
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.pool import NullPool

# Far above any metadata Great Expectations reads (one row per column), far below any table.
MOST_ROWS_FETCHED = 1_000

CANARY_SCHEMA = "guard"
CANARY_TABLE = "_canary"
CANARY_ROWS = 7
CANARY_BAD_ROWS = 3


class GateError(RuntimeError):
    """Great Expectations cannot be trusted in this run; the checks prove nothing."""


@dataclass(frozen=True)
class Finding:
    """What one expectation found in one batch.

    Attributes:
        check_id: The expectation's `meta["check_id"]`.
        rows_checked: Rows of the batch.
        rows_failed: Rows that do not meet the expectation.
        query: SQL that selects `_row` of just these rows; None when there are none.
    """

    check_id: str
    rows_checked: int
    rows_failed: int
    query: str | None


def _fetch_at_once(
    conn: sa.Connection,
    cursor: Any,  # noqa: ANN401 - the driver's cursor has no public type
    _statement: str,
    _parameters: object,
    context: Any,  # noqa: ANN401 - SQLAlchemy's execution context
    _executemany: bool,
) -> None:
    """Fetch a result while it can still be read."""
    if conn.dialect.name != "duckdb" or context is None or not cursor.description:
        return
    rows = cursor.fetchmany(MOST_ROWS_FETCHED + 1)
    if len(rows) > MOST_ROWS_FETCHED:
        raise GateError(
            f"Great Expectations asked for more than {MOST_ROWS_FETCHED} rows in one query; rows "
            "stay in the database"
        )
    context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
        cursor,
        alternate_description=cursor.description,
        initial_buffer=rows,
    )


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Execution engine that reads DuckDB's results at once and borrows Postgres' types."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        """Build the engine and attach the reader to it."""
        super().__init__(*args, **kwargs)
        self.dialect_module = postgresql
        sa.event.listen(self.engine, "after_cursor_execute", _fetch_at_once)


class DuckDBDatasource(SQLDatasource):
    """A data source of the type `duckdb`: `context.data_sources.add_duckdb(...)`."""

    type: Literal["duckdb"] = "duckdb"

    @property
    def execution_engine_type(self) -> builtins.type[SqlAlchemyExecutionEngine]:
        """The engine that runs the expectations."""
        return DuckDBExecutionEngine

    def _create_engine(self) -> sa.Engine:
        """Build the engine for connection tests, with the same reader attached."""
        engine = super()._create_engine()
        sa.event.listen(engine, "after_cursor_execute", _fetch_at_once)
        return engine


class Gate:
    """Runs expectations on tables and views of one open DuckDB database."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Build an ephemeral context on cursors of the connection."""
        self._con = con
        self._batches = itertools.count(1)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        self._source = context.data_sources.add_duckdb(
            "work",
            connection_string="duckdb:///:memory:",
            kwargs={"creator": lambda: ConnectionWrapper(con.cursor()), "poolclass": NullPool},
        )

    def check(
        self,
        schema: str,
        table: str,
        expectations: Sequence[Expectation],
    ) -> list[Finding]:
        """Check one batch: one shared scan for what passes, counts and row queries for what fails.

        Args:
            schema: Schema of the batch.
            table: Table or view with a column `_row`.
            expectations: Column expectations, each with `meta["check_id"]`.

        Returns:
            One finding per expectation, in their order.

        Raises:
            GateError: Great Expectations sees another number of rows than DuckDB, could not run an
                expectation, or its row query gives another number of rows than it counted.
        """
        name = f"{schema}.{table}"
        rows = self._count(f"select count(*) from {_quoted(schema)}.{_quoted(table)}")
        asset = self._source.add_table_asset(
            f"{name} {next(self._batches)}", table_name=table, schema_name=schema
        )
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        suite = ExpectationSuite(name=name, expectations=list(expectations))
        suite.add_expectation(gxe.ExpectTableRowCountToEqual(value=rows, meta={"check_id": "rows"}))
        passed = {
            _check_id(result): bool(result.success)
            for result in _results(batch.validate(suite, result_format="BOOLEAN_ONLY"), name)
        }
        if not passed.pop("rows", False):
            raise GateError(
                f"Great Expectations does not see the {rows:,} rows of {name}: its results cannot "
                "be trusted. This is a fault of the installation, not of the data: run "
                "`make test` and compare the installed versions with requirements.lock."
            )
        failing = [e for e in expectations if not passed[e.meta["check_id"]]]
        found = self._failures(batch, name, failing) if failing else {}
        return [
            found.get(e.meta["check_id"], Finding(e.meta["check_id"], rows, 0, None))
            for e in expectations
        ]

    def _failures(
        self,
        batch: Any,  # noqa: ANN401 - GX's batch is not public
        name: str,
        expectations: Sequence[Expectation],
    ) -> dict[str, Finding]:
        """Ask again about the expectations that failed: how many rows, and which."""
        form = {
            "result_format": "SUMMARY",
            "unexpected_index_column_names": ["_row"],
            "return_unexpected_index_query": True,
            "partial_unexpected_count": 0,
        }
        suite = ExpectationSuite(name=f"{name} failures", expectations=_fresh(expectations))
        found = {}
        for result in _results(batch.validate(suite, result_format=form), name):
            check_id = _check_id(result)
            count = int(result.result["unexpected_count"])
            query = result.result["unexpected_index_query"].strip().rstrip(";")
            listed = self._count(f"select count(distinct _row) from ({query})")
            if listed != count or count == 0:
                raise GateError(
                    f"{check_id}: Great Expectations counted {count:,} failing rows in {name}, but "
                    f"its query lists {listed:,}"
                )
            rows = int(result.result["element_count"])
            found[check_id] = Finding(check_id, rows, count, query)
        return found

    def _count(self, query: str) -> int:
        return int(self._con.execute(query).fetchall()[0][0])

    def prove(self) -> None:
        """Check a planted batch of known size and known faults.

        Raises:
            GateError: The faults are not found with their exact count.
        """
        target = f"{CANARY_SCHEMA}.{CANARY_TABLE}"
        self._con.execute(f"create schema if not exists {CANARY_SCHEMA}")
        self._con.execute(
            f"create or replace table {target} as select range as _row, "
            f"case when range >= {CANARY_BAD_ROWS} then 'sound' end as cell "
            f"from range({CANARY_ROWS})"
        )
        try:
            canary = gxe.ExpectColumnValuesToNotBeNull(column="cell", meta={"check_id": "canary"})
            (finding,) = self.check(CANARY_SCHEMA, CANARY_TABLE, [canary])
        finally:
            self._con.execute(f"drop table {target}")
        if (finding.rows_checked, finding.rows_failed) != (CANARY_ROWS, CANARY_BAD_ROWS):
            raise GateError(
                f"Great Expectations found {finding.rows_failed} of {finding.rows_checked} planted "
                f"rows failing; there are {CANARY_BAD_ROWS} of {CANARY_ROWS}"
            )


@contextmanager
def open_gate(con: duckdb.DuckDBPyConnection) -> Iterator[Gate]:
    """Open a gate that has proved itself.

    Args:
        con: Open connection to the database; stays the caller's.

    Yields:
        The gate, for use while the connection is open.

    Raises:
        GateError: Great Expectations does not find planted faults.
    """
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    gate = Gate(con)
    gate.prove()
    yield gate


def _results(validation: Any, name: str) -> list[Any]:  # noqa: ANN401 - GX's result classes
    """Return the results of a validation, refusing expectations that could not run."""
    for result in validation.results:
        info = result.exception_info or {}
        faults = [info] if "raised_exception" in info else list(info.values())
        if any(fault.get("raised_exception") for fault in faults):
            messages = "; ".join(str(fault.get("exception_message")) for fault in faults)
            raise GateError(f"{_check_id(result)} could not be checked on {name}: {messages}")
    return list(validation.results)


def _check_id(result: Any) -> str:  # noqa: ANN401 - GX's result class
    return str(result.expectation_config.meta["check_id"])


def _fresh(expectations: Sequence[Expectation]) -> list[Expectation]:
    """Copy expectations, for a suite of their own."""
    return [e.copy(update={"id": None}) for e in expectations]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
