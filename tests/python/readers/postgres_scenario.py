"""Child of test_postgres.py: publishes into a real server, and says what others saw there.

`postgres_scenario.py sample conninfo marts.duckdb` or `... life conninfo folder`. Prints JSON.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path

import duckdb
import psycopg

from orchestration.readers import postgres

NASTY = [
    (1, None), (2, ""), (3, "\\N"), (4, 'say "no", twice'), (5, "two\nlines\r\nand a\ttab"),
    (6, "Київ"), (7, "客户"), (8, "\\."), (9, "NULL"), (10, " "), (11, "'"), (12, "\\"),
]  # fmt: skip


def publish(conninfo: str, marts: Path) -> list[postgres.Table]:
    with tempfile.TemporaryDirectory() as scratch:
        return postgres.publish_to(conninfo, marts, Path(scratch))


def sample(conninfo: str, marts: Path) -> dict:
    """Every column of every mart, with its type, comment and rows, as PostgreSQL has them."""
    tables = publish(conninfo, marts)
    with psycopg.connect(conninfo) as connection:
        columns = connection.execute(
            "select table_schema || '.' || table_name, column_name, format_type(atttypid, "
            "atttypmod), is_nullable = 'YES', col_description(attrelid, attnum) "
            "from information_schema.columns inner join pg_attribute on attname = column_name "
            "and attrelid = (quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass"
            " where table_schema not in ('pg_catalog', 'information_schema', 'holdfast')"
        ).fetchall()
        rows = {
            f"{table.schema}.{table.name}": connection.execute(
                f"select count(*), obj_description('{table.schema}.{table.name}'::regclass) "
                f"from {table.schema}.{table.name}"
            ).fetchone()
            for table in tables
        }
        money, last = connection.execute(
            "select sum(net_revenue), max(ordered_at) from core.orders"
        ).fetchone()
    return {
        "columns": columns, "rows": rows, "money": str(money), "last": str(last),
    }  # fmt: skip


def write_marts(path: Path, version: int, people: str, orders: bool = True) -> Path:
    """A small published file; every row carries its version."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("create schema core")
        con.execute(f"create table core.people ({people}, version integer not null)")
        if "name" in people:
            con.executemany(
                f"insert into core.people (id, name, version) values (?, ?, {version})", NASTY
            )
        else:
            con.execute(
                f"insert into core.people (id, version) values (1, {version}), (2, {version})"
            )
        con.execute("comment on table core.people is 'One row per person; it''s all.'")
        con.execute(f"comment on column core.people.id is 'Id, as of {version}.'")
        if orders:
            con.execute(f"create table core.orders as select {version}::integer as version")
    return path


def life(conninfo: str, folder: Path) -> dict:
    """What happens to tables, views and readers from one publication to the next."""
    seen: dict = {}
    marts = folder / "marts.duckdb"
    first = "id integer not null, name varchar, money decimal(18,2), rate double, day date"
    publish(conninfo, write_marts(marts, 1, first))
    reader = psycopg.connect(conninfo, autocommit=True)

    def read() -> list:
        return reader.execute(
            "select (select max(version) from core.people), (select max(version) from core.orders)"
        ).fetchall()

    def ask(query: str) -> list:
        return [list(map(str, row)) for row in reader.execute(query).fetchall()]

    seen["nasty"] = [
        list(row) for row in reader.execute("select id, name from core.people order by id")
    ]
    reader.execute("create schema analysts")
    reader.execute(
        "create view analysts.balance as select id, money, version from core.people where id > 1"
    )
    reader.execute("create role clerk")
    reader.execute("grant select on core.people to clerk")

    # a reader asks in the middle, after each table was filled, and waits for nobody
    comment, halves = postgres._comment, []
    reader.execute("set statement_timeout = '5s'")

    def comment_and_read(*arguments: object) -> None:
        comment(*arguments)
        halves.extend(read())

    postgres._comment = comment_and_read
    publish(conninfo, write_marts(marts, 2, first))
    postgres._comment = comment
    seen["halves"], seen["after"] = halves, read()

    # a column more, one less, and one that may no longer be null
    second = "id integer not null, money decimal(18,2), rate double not null default 0, extra text"
    publish(conninfo, write_marts(marts, 3, second))
    seen["changed"] = read()
    seen["view"] = ask("select count(*), sum(version) from analysts.balance")
    seen["columns"] = ask(
        "select column_name, data_type, is_nullable from information_schema.columns "
        "where table_schema = 'core' and table_name = 'people' order by column_name"
    )
    seen["comments"] = ask(
        "select obj_description('core.people'::regclass), col_description('core.people'::regclass, "
        "(select attnum from pg_attribute where attname = 'id' "
        "and attrelid = 'core.people'::regclass))"
    )
    seen["grant"] = ask("select has_table_privilege('clerk', 'core.people', 'select')")

    # a view stands on a column that changes, or goes; on a table that goes
    refused = []
    for columns in (second.replace("id integer", "id bigint"), "id integer not null, extra text"):
        try:
            publish(conninfo, write_marts(marts, 4, columns))
        except postgres.PostgresError as error:
            refused.append([str(error), read()])
    seen["refused"] = refused
    publish(conninfo, write_marts(marts, 5, second, orders=False))
    seen["gone"] = ask("select to_regclass('core.orders')")

    # somebody's own table of the same name
    reader.execute("create table core.orders as select 'mine' as version")
    try:
        publish(conninfo, write_marts(marts, 6, second))
    except postgres.PostgresError as error:
        seen["theirs"] = [str(error), ask("select version from core.orders"),
                          ask("select max(version) from core.people")]  # fmt: skip

    # what is wrong with the connection string is said without it
    said = io.StringIO()
    (folder / "warehouse").mkdir(exist_ok=True)
    marts.replace(folder / "warehouse" / "marts.duckdb")
    os.environ["HOLDFAST_WAREHOUSE"] = str(folder / "warehouse")
    codes = []
    for wrong in (
        f"host={folder / 'nowhere'} user=somebody password=s3cret dbname=hidden",
        f"{conninfo} user=s3cretuser",
        "postgresql://somebody:s3cret@",
        "s3cret",
        "",
    ):
        os.environ[postgres.VARIABLE] = wrong
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            codes.append(postgres.main())
    seen["codes"], seen["said"] = codes, said.getvalue()
    reader.close()
    return seen


if __name__ == "__main__":
    step = sample if sys.argv[1] == "sample" else life
    print(json.dumps(step(sys.argv[2], Path(sys.argv[3]))))
