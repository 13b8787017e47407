"""make publish-postgres against a real server: what stands there, and what others saw meanwhile."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.python.readers.conftest import HERE, absent, promised_columns

ROWS = 50
TYPES = {"varchar": "text", "double": "double precision",
         "timestamp": "timestamp without time zone"}  # fmt: skip


def program(name: str) -> str | None:
    """A program of the server; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of its own, reached by a socket in its folder; the start of a connection string."""
    initdb, postgres, psql = program("initdb"), program("postgres"), program("psql")
    if not (initdb and postgres and psql):
        absent("a PostgreSQL server (Debian: postgresql)")
    # the server refuses to be root; a socket's path has to be short
    folder = Path(tempfile.mkdtemp(prefix="hf-pg-", dir="/tmp"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
        who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    try:
        subprocess.run(
            [initdb, "-D", folder / "data", "-U", "holdfast", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **who,
        )  # fmt: skip
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [postgres, "-D", folder / "data", "-k", folder, "-c", "listen_addresses=",
                 "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum=off"],
                cwd=folder, stdout=log, stderr=log, **who,
            )  # fmt: skip
        try:
            ready = [program("pg_isready") or "pg_isready", "-q", "-h", folder, "-U", "holdfast"]
            for _ in range(600):
                if subprocess.run(ready, check=False).returncode == 0:
                    break
                try:
                    running.wait(timeout=0.1)
                except subprocess.TimeoutExpired:
                    continue
                pytest.fail((folder / "log").read_text())
            for name in ("sample", "life"):
                subprocess.run(
                    [psql, "-q", "-h", folder, "-U", "holdfast", "-d", "postgres",
                     "-c", f"create database {name}"], check=True,
                )  # fmt: skip
            yield f"host={folder} user=holdfast dbname="
        finally:
            running.terminate()
            running.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def clipped(sample_warehouse, tmp_path_factory) -> Path:
    """The published file of the sample with a few rows of every table."""
    path = tmp_path_factory.mktemp("clipped") / "marts.duckdb"
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_warehouse.marts_db}' as whole (read_only)")
        con.execute(f"attach '{path}' as part (storage_version 'v1.2.0')")
        tables = con.execute(
            "select schema_name, table_name, sql, comment from duckdb_tables() "
            "where database_name = 'whole'"
        ).fetchall()
        columns = con.execute(
            "select schema_name, table_name, column_name, comment from duckdb_columns() "
            "where database_name = 'whole'"
        ).fetchall()
        con.execute("use part")
        for schema, name, statement, _ in tables:
            con.execute(f"create schema if not exists {schema}")
            con.execute(statement.replace("CREATE TABLE whole.", "CREATE TABLE "))
            con.execute(f"insert into {schema}.{name} from whole.{schema}.{name} limit {ROWS}")
        said = [(f"table {schema}.{name}", text) for schema, name, _, text in tables]
        said += [(f'column {schema}.{name}."{column}"', text)
                 for schema, name, column, text in columns]  # fmt: skip
        for what, text in said:
            con.execute(f"comment on {what} is '{text.replace(chr(39), chr(39) * 2)}'")
    return path


def test_every_mart_comes_over_with_types_and_comments(reader, server, clipped):
    """A BI tool on PostgreSQL would see floats for money, or columns without a meaning."""
    told = reader(
        HERE / "postgres_scenario.py", "sample", f"{server}sample", clipped, PYTHONPATH="."
    )
    promised = {
        (table, column): TYPES.get(kind, kind.replace("decimal", "numeric"))
        for table, columns in promised_columns().items()
        for column, kind in columns.items()
    }
    with duckdb.connect(str(clipped), read_only=True) as con:
        ours = {
            (table, column): [is_nullable, comment]
            for table, column, is_nullable, comment in con.execute(
                "select schema_name || '.' || table_name, column_name, is_nullable, comment "
                "from duckdb_columns() where not internal"
            ).fetchall()
        }
        rows = {
            f"{schema}.{name}": [
                con.execute(f"select count(*) from {schema}.{name}").fetchall()[0][0],
                comment,
            ]
            for schema, name, comment in con.execute(
                "select schema_name, table_name, comment from duckdb_tables()"
            ).fetchall()
        }
        money, last = con.execute(
            "select sum(net_revenue), max(ordered_at) from core.orders"
        ).fetchall()[0]
    assert {(table, column): kind for table, column, kind, *_ in told["columns"]} == promised
    assert {(table, column): rest for table, column, _, *rest in told["columns"]} == ours
    assert told["rows"] == rows
    assert (told["money"], told["last"]) == (str(money), str(last))


@pytest.fixture(scope="module")
def seen(reader, server, tmp_path_factory) -> dict[str, Any]:
    """What others saw over several publications."""
    folder = tmp_path_factory.mktemp("life")
    return reader(HERE / "postgres_scenario.py", "life", f"{server}life", folder, PYTHONPATH=".")


def test_texts_arrive_as_they_are(seen):
    """An empty text would become a null, or a comment with a line break two rows."""
    assert seen["nasty"] == [
        [1, None], [2, ""], [3, "\\N"], [4, 'say "no", twice'], [5, "two\nlines\r\nand a\ttab"],
        [6, "Київ"], [7, "客户"], [8, "\\."], [9, "NULL"], [10, " "], [11, "'"], [12, "\\"],
    ]  # fmt: skip


def test_readers_never_see_half(seen):
    """Between two tables of a publication a dashboard would show the one new and the other old."""
    # asked after each of the two tables was filled: still all old, and at once
    assert seen["halves"] == [[1, 1], [1, 1]]
    assert seen["after"] == [[2, 2]]


def test_views_grants_and_comments_live_through_a_change_of_columns(seen):
    """Analysts would have to make their views and grants again after each refresh."""
    assert seen["changed"] == [[3, 3]]
    assert seen["view"] == [["1", "3"]]
    assert seen["columns"] == [
        ["extra", "text", "YES"],
        ["id", "integer", "NO"],
        ["money", "numeric", "YES"],
        ["rate", "double precision", "NO"],
        ["version", "integer", "NO"],
    ]
    assert seen["comments"] == [["One row per person; it's all.", "Id, as of 3."]]
    assert seen["grant"] == [["True"]]


def test_a_change_under_a_view_is_refused_and_says_which(seen):
    """A view would be dropped in silence, or the message would be PostgreSQL's riddle."""
    (retyped, after_one), (dropped, after_two) = seen["refused"]
    assert "core.people.id is no longer what it was" in retyped
    assert "core.people.money is no longer what it was" in dropped
    for message in (retyped, dropped):
        assert "is read by analysts.balance. Nothing was changed." in message
    assert after_one == after_two == [[3, 3]]


def test_only_what_it_made_is_touched(seen):
    """A table of the business, named as one of ours, would lose its rows."""
    assert seen["gone"] == [["None"]]
    message, rows, version = seen["theirs"]
    assert "core.orders is there and was not made by holdfast" in message
    assert rows == [["mine"]]
    assert version == [["5"]]


def test_the_connection_string_is_never_shown(seen):
    """A password would stand in the log of whoever runs it every night."""
    assert seen["codes"] == [1] * 5
    for secret in ("s3cret", "somebody", "hidden", "nowhere", "hf-pg-"):
        assert secret not in seen["said"]
    assert "HOLDFAST_POSTGRES is no connection string" in seen["said"]
    assert "HOLDFAST_POSTGRES is not set" in seen["said"]
    assert seen["said"].count("PostgreSQL says:") >= 2
