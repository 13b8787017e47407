"""Every published mart into PostgreSQL: `make publish-postgres`, for tools that read no DuckDB.

All tables are emptied and filled in one transaction, so that a query sees the publication before or
the one after; tables stay, and with them the views, grants and comments that others made. A table
this did not make is never touched. Where it goes says HOLDFAST_POSTGRES, which is never shown.
"""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from orchestration.landing.sql import literal, quoted
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace

VARIABLE = "HOLDFAST_POSTGRES"
# DuckDB's types as PostgreSQL spells them; DECIMAL(p,s) is numeric(p,s)
_TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "HUGEINT": "numeric(39,0)",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TIME": "time without time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "TINYINT": "smallint",
    "UUID": "uuid",
    "VARCHAR": "text",
}
# a table that somebody's open transaction holds is waited for so long
_LOCK_TIMEOUT = "60s"
_CHUNK = 1 << 20


class PostgresError(RuntimeError):
    """Nothing was changed there; the message says why and what to do."""


@dataclass(frozen=True)
class Column:
    """A column as PostgreSQL has it."""

    name: str
    data_type: str
    is_nullable: bool
    comment: str | None


@dataclass(frozen=True)
class Table:
    """A published mart, its rows in a CSV file."""

    schema: str
    name: str
    comment: str | None
    columns: Sequence[Column]
    rows: int
    file: Path

    @property
    def identifier(self) -> sql.Identifier:
        """Its quoted name."""
        return sql.Identifier(self.schema, self.name)


def publish_to(conninfo: str, marts_db: Path, scratch: Path) -> list[Table]:
    """Bring a PostgreSQL database to what is published.

    Args:
        conninfo: Connection string or URL, as libpq takes it.
        marts_db: marts.duckdb.
        scratch: Folder for the rows on their way.

    Returns:
        What stands there now.

    Raises:
        PostgresError: When it cannot be; everything there is as before.
    """
    tables = _export(marts_db, scratch)
    try:
        secrets = [value for value in conninfo_to_dict(conninfo).values() if value]
    except psycopg.Error:
        raise PostgresError(
            f"{VARIABLE} is no connection string: it should look like "
            "postgresql://user:password@host:5432/database."
        ) from None
    try:
        with psycopg.connect(conninfo, autocommit=True, client_encoding="utf8") as connection:
            with connection.transaction():
                _bring(connection, tables)
            # what was deleted makes room for the next time; published it is without that too
            with contextlib.suppress(psycopg.Error):
                for table in tables:
                    connection.execute(sql.SQL("vacuum (analyze) {}").format(table.identifier))
    except psycopg.Error as error:
        raise PostgresError(_told(error, secrets)) from None
    return tables


def _export(marts_db: Path, scratch: Path) -> list[Table]:
    """Write the rows of every mart into CSV files, all of one publication."""
    with duckdb.connect(str(marts_db), read_only=True) as con:
        con.execute("set enable_progress_bar = false")
        con.execute("set TimeZone = 'UTC'")
        names = con.execute(
            "select schema_name, table_name, comment from duckdb_tables() where not internal "
            "order by schema_name, table_name"
        ).fetchall()
        return [_export_table(con, schema, name, said, scratch) for schema, name, said in names]


def _export_table(
    con: duckdb.DuckDBPyConnection, schema: str, name: str, comment: str | None, scratch: Path
) -> Table:
    listed = con.execute(
        "select column_name, data_type, is_nullable, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    columns = [
        Column(column, _postgres_type(f"{schema}.{name}.{column}", data_type), is_nullable, said)
        for column, data_type, is_nullable, said in listed
    ]
    # an empty text stands in quotes, a null is nothing at all
    texts = ", ".join(quoted(column.name) for column in columns if column.data_type == "text")
    force = f", force_quote ({texts})" if texts else ""
    file = scratch / f"{schema}.{name}.csv"
    (rows,) = con.execute(
        f"copy {quoted(schema)}.{quoted(name)} to {literal(str(file))} "
        f"(format csv, header false, nullstr ''{force})"
    ).fetchall()[0]
    return Table(schema, name, comment, columns, rows, file)


def _postgres_type(column: str, data_type: str) -> str:
    if data_type.startswith("DECIMAL("):
        return data_type.replace("DECIMAL", "numeric")
    try:
        return _TYPES[data_type]
    except KeyError:
        raise PostgresError(
            f"{column} is a {data_type}, for which PostgreSQL has no type; cast it in its model."
        ) from None


def _bring(connection: psycopg.Connection, tables: Sequence[Table]) -> None:
    """Do all of it, inside one transaction."""
    connection.execute(sql.SQL("set local lock_timeout = {}").format(_LOCK_TIMEOUT))
    connection.execute("set local datestyle = 'ISO, YMD'")
    connection.execute("set local timezone = 'UTC'")
    # two publications at once: the second waits for the first
    connection.execute("select pg_advisory_xact_lock(hashtext('holdfast publication'))")
    connection.execute("create schema if not exists holdfast")
    connection.execute(
        "create table if not exists holdfast.published_tables ("
        "table_schema text not null, table_name text not null, rows bigint not null, "
        "published_at timestamp with time zone not null, primary key (table_schema, table_name))"
    )
    connection.execute(
        "comment on table holdfast.published_tables is "
        "'The tables that make publish-postgres made, and will replace the next time.'"
    )
    ours = set(
        connection.execute(
            "select table_schema, table_name from holdfast.published_tables"
        ).fetchall()
    )
    for schema in sorted({table.schema for table in tables}):
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    for table in tables:
        _fill(connection, table, is_ours=(table.schema, table.name) in ours)
    for schema, name in sorted(ours - {(table.schema, table.name) for table in tables}):
        with _explained(connection, schema, name, None):
            connection.execute(
                sql.SQL("drop table if exists {}").format(sql.Identifier(schema, name))
            )
    connection.execute("delete from holdfast.published_tables")
    for table in tables:
        connection.execute(
            "insert into holdfast.published_tables values (%s, %s, %s, now())",
            [table.schema, table.name, table.rows],
        )


def _fill(connection: psycopg.Connection, table: Table, *, is_ours: bool) -> None:
    """Bring one table to its columns, rows and comments."""
    standing = _standing(connection, table)
    if standing and not is_ours:
        raise PostgresError(
            f"{table.schema}.{table.name} is there and was not made by holdfast. Nothing was "
            "changed; give holdfast a database of its own, or rename that table."
        )
    if standing:
        connection.execute(sql.SQL("delete from {}").format(table.identifier))
        _alter(connection, table, standing)
    else:
        columns = sql.SQL(", ").join(_definition(column) for column in table.columns)
        connection.execute(sql.SQL("create table {} ({})").format(table.identifier, columns))
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(table.identifier, names)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy, table.file.open("rb") as file:
            while chunk := file.read(_CHUNK):
                copy.write(chunk)
        if cursor.rowcount != table.rows:
            raise PostgresError(
                f"{table.schema}.{table.name} has {table.rows} rows, but {cursor.rowcount} "
                "arrived. Nothing was changed."
            )
    _comment(connection, table, standing)


def _standing(connection: psycopg.Connection, table: Table) -> dict[str, Column]:
    """Return the columns of the table as it stands; none when there is no such table."""
    rows = connection.execute(
        "select attname, format_type(atttypid, atttypmod), not attnotnull, "
        "col_description(attrelid, attnum) from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        [f"{quoted(table.schema)}.{quoted(table.name)}"],
    ).fetchall()
    return {row[0]: Column(*row) for row in rows}


def _definition(column: Column) -> sql.Composed:
    return sql.SQL("{} {}{}").format(
        sql.Identifier(column.name),
        sql.SQL(column.data_type),
        sql.SQL("" if column.is_nullable else " not null"),
    )


def _alter(connection: psycopg.Connection, table: Table, standing: Mapping[str, Column]) -> None:
    """Change the columns of the emptied table that are others now; views on the rest live on."""
    wanted = {column.name: column for column in table.columns}
    changes = [
        (name, sql.SQL("drop column {}").format(sql.Identifier(name)))
        for name in standing
        if name not in wanted
    ]
    for name, column in wanted.items():
        was = standing.get(name)
        place = sql.Identifier(name)
        if was is None:
            changes.append((name, sql.SQL("add column {}").format(_definition(column))))
            continue
        if was.data_type != column.data_type:
            kind = sql.SQL(column.data_type)
            # no row is left that would have to be converted
            using = sql.SQL("alter column {} type {} using null").format(place, kind)
            changes.append((name, using))
        if was.is_nullable != column.is_nullable:
            word = sql.SQL("drop" if column.is_nullable else "set")
            changes.append((name, sql.SQL("alter column {} {} not null").format(place, word)))
    for name, change in changes:
        with _explained(connection, table.schema, table.name, name):
            connection.execute(sql.SQL("alter table {} {}").format(table.identifier, change))


def _comment(connection: psycopg.Connection, table: Table, standing: Mapping[str, Column]) -> None:
    """Set the comments that are not there yet."""
    connection.execute(
        sql.SQL("comment on table {} is {}").format(table.identifier, sql.Literal(table.comment))
    )
    for column in table.columns:
        if column.name not in standing or standing[column.name].comment != column.comment:
            connection.execute(
                sql.SQL("comment on column {} is {}").format(
                    sql.Identifier(table.schema, table.name, column.name),
                    sql.Literal(column.comment),
                )
            )


@contextlib.contextmanager
def _explained(
    connection: psycopg.Connection, schema: str, table: str, column: str | None
) -> Iterator[None]:
    """Name the views that stand in the way of a change made in this block."""
    try:
        with connection.transaction():
            yield
    except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.FeatureNotSupported):
        views = _views(connection, schema, table, column)
        what = f"{schema}.{table}" + (f".{column}" if column else "")
        raise PostgresError(
            f"{what} is no longer what it was, and is read by {', '.join(views)}. "
            "Nothing was changed. Drop or rewrite what reads it, then publish again."
        ) from None


def _views(
    connection: psycopg.Connection, schema: str, table: str, column: str | None
) -> list[str]:
    """Return the views that read a table or column."""
    rows = connection.execute(
        "select distinct quote_ident(spaces.nspname) || '.' || quote_ident(views.relname) "
        "from pg_depend as dependencies "
        "inner join pg_rewrite as rules on rules.oid = dependencies.objid "
        "inner join pg_class as views on views.oid = rules.ev_class "
        "inner join pg_namespace as spaces on spaces.oid = views.relnamespace "
        "left join pg_attribute as columns on columns.attrelid = dependencies.refobjid "
        "and columns.attnum = dependencies.refobjsubid "
        "where dependencies.classid = 'pg_rewrite'::regclass "
        "and dependencies.refobjid = to_regclass(%s) "
        "and (%s::text is null or columns.attname = %s) order by 1",
        [f"{quoted(schema)}.{quoted(table)}", column, column],
    ).fetchall()
    return [name for (name,) in rows] or ["something there"]


def _told(error: psycopg.Error, secrets: Sequence[str]) -> str:
    """Say what went wrong, without any part of the connection string."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return (
            f"Somebody's open transaction has held a table there for {_LOCK_TIMEOUT}. Nothing was "
            "changed; publish again when it is over."
        )
    text = " ".join((error.diag.message_primary or str(error)).split())
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, "…")
    return f"PostgreSQL says: {text}. Nothing was changed."


def _publish() -> str:
    """Publish where the environment says; returns what to tell."""
    started = time.monotonic()
    conninfo = os.environ.get(VARIABLE, "").strip()
    workspace = Workspace.from_environment()
    if not conninfo:
        raise PostgresError(
            f"{VARIABLE} is not set. It says where the marts go: "
            f"{VARIABLE}=postgresql://user:password@host:5432/database make publish-postgres"
        )
    if not workspace.marts_db.is_file():
        raise PostgresError("No marts are published there; `make refresh` publishes them.")
    with tempfile.TemporaryDirectory(dir=workspace.warehouse, prefix=".postgres.") as scratch:
        tables = publish_to(conninfo, workspace.marts_db, Path(scratch))
    rows = sum(table.rows for table in tables)
    return f"PostgreSQL  {len(tables)} tables, {rows:,} rows ({time.monotonic() - started:.1f} s)"


def main() -> int:
    """Publish and say what stands there; returns the exit code."""
    try:
        sys.stdout.write(f"{_publish()}\n")
    except (PostgresError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
