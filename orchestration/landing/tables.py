"""Creates the schemas and tables of the work database that the loader writes.

`python -m orchestration.landing.tables PATH` makes an empty work database with all of them.
"""

import argparse
import functools
import logging
from collections.abc import Container, Mapping
from pathlib import Path

import duckdb
import yaml

from orchestration.contract import META_COLUMNS, PROJECT_ROOT, Contract, Input, load_contract
from orchestration.landing.sql import literal, quoted
from orchestration.memory import memory_limit
from orchestration.workspace import Workspace

__all__ = ["create_tables", "literal", "quoted"]

OPS_FILE = PROJECT_ROOT / "models" / "staging" / "_ops_sources.yml"

INCOMING_META = {
    "_row": "bigint",
    "_source": "varchar",
    "_file": "varchar",
    "_line": "bigint",
    "_is_deleted": "boolean",
}
INCOMING_TABLES = {
    # Lines that are no row: they do not parse. Counted in rows_read and rows_refused.
    "_rejected_lines": {
        "input": "varchar",
        "_file": "varchar",
        "_line": "bigint",
        "value": "varchar",
        "message": "varchar",
    },
    # Files of this refresh that are not loaded yet; `error` set = the file cannot be taken.
    "_files": {
        "input": "varchar",
        "_file": "varchar",
        "file_number": "bigint",
        "content_hash": "varchar",
        "reading_hash": "varchar",
        "stated_hash": "varchar",
        "bytes": "bigint",
        "format": "varchar",
        "encoding": "varchar",
        "rows_read": "bigint",
        "rows_rejected": "bigint",
        "unknown_columns": "varchar[]",
        "missing_columns": "varchar[]",
        "loaded_through": "timestamp",
        "is_reread": "boolean",
        "error": "varchar",
        "message": "varchar",
    },
    # Patterns of inputs.yml under which no file lies.
    "_idle_patterns": {
        "input": "varchar",
        "pattern": "varchar",
    },
    # Rows the guards refuse, one per broken rule.
    "_refused": {
        "input": "varchar",
        "_row": "bigint",
        "rule": "varchar",
        "column_name": "varchar",
        "value": "varchar",
    },
}
SCHEMAS = ("landing", "incoming", "ops")
_log = logging.getLogger(__name__)
# How each loaded file was read: mapping, zone, hash key, contract, seeds. Where that changes, it is
# read anew. What of it a person states is kept by itself, to be compared when the file is gone.
READINGS = {
    "input": "varchar",
    "content_hash": "varchar",
    "reading_hash": "varchar",
    "stated_hash": "varchar",
}


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Sets a connection as loading needs it: UTC, rows in order, a limit of memory."""
    con.execute("set TimeZone = 'UTC'")
    con.execute("set preserve_insertion_order = true")
    con.execute("set enable_progress_bar = false")
    con.execute(f"set memory_limit = {literal(memory_limit())}")


def incoming_columns(table: Input) -> dict[str, str]:
    """Returns the columns of incoming.<input>, name to type."""
    columns = dict(INCOMING_META)
    for column in table.columns:
        columns |= column.incoming_columns
    return columns


def landing_columns(table: Input) -> dict[str, str]:
    """Returns the columns of landing.<input>, name to type."""
    return table.landing_columns | dict(META_COLUMNS)


@functools.cache
def ops_tables(path: Path = OPS_FILE) -> dict[str, dict[str, str]]:
    """Returns the tables of schema ops, each a map of column to type, as its sources file says."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe
    (source,) = (s for s in document["sources"] if s["name"] == "ops")
    return {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in source["tables"]
    }


def create_tables(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Creates schemas landing, incoming and ops and all their tables where they are missing.

    A column the contract gained since is added, empty, so that a warehouse survives an update. One
    of another type by now keeps what can be cast, and one that is personal by now goes; files that
    still lie in the landing folder are read anew for it.

    Args:
        con: Open connection to the work database.
        contract: The input contract.
    """
    tables: dict[tuple[str, str], dict[str, str]] = {}
    for table in contract:
        tables["landing", table.name] = landing_columns(table)
        tables["incoming", table.name] = incoming_columns(table)
    tables["landing", "_readings"] = READINGS
    tables |= {("incoming", name): columns for name, columns in INCOMING_TABLES.items()}
    tables |= {("ops", name): columns for name, columns in ops_tables().items()}
    standing: dict[tuple[str, str], dict[str, str]] = {}
    for schema, name, column, data_type in con.execute(
        "select schema_name, table_name, column_name, lower(data_type) from duckdb_columns()"
        " where database_name = current_database() and not internal",
    ).fetchall():
        standing.setdefault((schema, name), {})[column] = data_type
    statements = [f"create schema if not exists {schema}" for schema in SCHEMAS]
    for key, columns in tables.items():
        statements += _statements(*key, columns, standing.get(key))
    for table in contract:
        statements += _changed(table, standing.get(("landing", table.name), {}))
    con.execute("; ".join(statements))


def recreate_incoming(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Empties schema incoming for a new refresh, whatever an older contract left there."""
    con.execute("drop schema if exists incoming cascade")
    create_tables(con, contract)


def _statements(
    schema: str,
    name: str,
    columns: dict[str, str],
    standing: Container[str] | None,
) -> list[str]:
    """Returns the SQL that makes a table, or adds the columns it lacks."""
    target = f"{quoted(schema)}.{quoted(name)}"
    typed = {column: f"{quoted(column)} {data_type}" for column, data_type in columns.items()}
    if standing is None:
        return [f"create table {target} ({', '.join(typed.values())})"]
    return [
        f"alter table {target} add column {definition}"
        for column, definition in typed.items()
        if column not in standing
    ]


def _changed(table: Input, standing: Mapping[str, str]) -> list[str]:
    """Returns the SQL that makes the columns of landing.<input> be as the contract has them by now.

    Args:
        table: The input.
        standing: Columns that its landing table has, name to type.
    """
    target = f"landing.{quoted(table.name)}"
    # as delivered, which nothing of a personal column may be
    plain = {column.name for column in table.columns} & standing.keys() - landing_columns(table)
    statements = [f"alter table {target} drop column {quoted(name)}" for name in sorted(plain)]
    for name, data_type in table.landing_columns.items():
        if standing.get(name, data_type) != data_type:
            _log.warning(
                "%s: %s is %s by now, no longer %s", target, name, data_type, standing[name]
            )
            statements.append(
                f"alter table {target} alter column {quoted(name)} set data type {data_type}"
                f" using try_cast({quoted(name)} as {data_type})"
            )
    return statements


def main() -> None:
    """Makes an empty work database at the path given."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as con:
        create_tables(con, load_contract(extensions=Workspace.from_environment().extensions))
    logging.getLogger(__name__).info("tables stand in %s", path)


if __name__ == "__main__":
    main()
