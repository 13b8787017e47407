"""No e-mail, telephone number, birth date or free text leaves the landing folder; the erased go.

What is looked for is read from the delivered files themselves, which hold every kind.
"""

import datetime as dt
import re
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import load_contract
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.landing.sql import literal, quoted
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.shared import compiled_models

ADDRESS = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
# Files in which a birth date would be a coincidence: fixtures of unit tests, and DuckDB's own.
_OWN = (".dbt", ".tmp")
_PACKED = {".duckdb", ".parquet", ".wal"}


@pytest.fixture(scope="module")
def delivered(sample_landing) -> dict[str, set[str]]:
    """Personal values of the sample by their kind, as they were delivered."""
    found: dict[str, set[str]] = {}
    with duckdb.connect() as con:
        for table in load_contract():
            kinds = {column.name: column.personal for column in table.columns if column.personal}
            for file in sorted(sample_landing.rglob("*")) if kinds else []:
                name = file.relative_to(sample_landing).as_posix()
                if not file.is_file() or not name.startswith(table.name):
                    continue
                held = _columns(con, file)
                for name in kinds.keys() & held:
                    values = con.execute(
                        f"select distinct cast({quoted(name)} as varchar) from {_source(file)} "
                        f"where {quoted(name)} is not null"
                    ).fetchall()
                    found.setdefault(kinds[name], set()).update(value for (value,) in values)
    return {kind: {value for value in values if len(value) > 6} for kind, values in found.items()}


def _source(file: Path) -> str:
    if file.suffix == ".parquet":
        return f"read_parquet({literal(str(file))})"
    if ".jsonl" in file.name:
        return f"read_json({literal(str(file))}, format = 'newline_delimited')"
    return f"read_csv({literal(str(file))}, all_varchar = true, ignore_errors = true)"


def _columns(con: duckdb.DuckDBPyConnection, file: Path) -> set[str]:
    return {row[0] for row in con.execute(f"describe select * from {_source(file)}").fetchall()}


def test_every_kind_is_looked_for(delivered):
    """A scan for nothing finds nothing."""
    assert {kind: len(values) > 5 for kind, values in delivered.items()} == {
        "email": True, "phone": True, "birth_date": True, "text": True,
    }  # fmt: skip


def test_no_published_table_holds_a_personal_value(sample_warehouse, delivered):
    """Marts go to BI tools, spreadsheets and people who may see numbers, not persons."""
    values = sorted(set().union(*delivered.values()))
    found = []
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        con.execute("create temp table personal as select unnest(?) as value", [values])
        columns = con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal and database_name = 'marts' and data_type in ('VARCHAR', 'DATE')"
        ).fetchall()
        assert len(columns) > 300
        for schema, table, column, kind in columns:
            relation, name = f"{quoted(schema)}.{quoted(table)}", quoted(column)
            told = f"select distinct cast({name} as varchar) as told from {relation}"
            matches = "told = value"
            if kind == "VARCHAR" and schema == "quality":  # messages quote what was delivered
                matches = "contains(told, value)"
            hits = con.execute(
                f"select count(*) from ({told}) inner join personal on {matches}"
            ).fetchall()[0][0]
            if hits:
                found.append((schema, table, column, hits))
            addresses = con.execute(
                f"select count(*) from ({told}) where contains(told, '@')"
            ).fetchall()[0][0]
            if addresses:
                found.append((schema, table, column, "has @"))
    assert found == []


def test_no_log_page_or_report_holds_a_personal_value(sample_warehouse, delivered):
    """What lies beside the marts is read, mailed and kept even more carelessly."""
    looked_at, found = set(), []
    # all addresses; of the others so many that a leak of one in fifty is seen
    sample = [
        value.encode()
        for kind in ("phone", "birth_date", "text")
        for value in sorted(delivered[kind])[:100]
    ]
    emails = {value.strip().lower().encode() for value in delivered["email"]}
    for file in sorted(sample_warehouse.warehouse.rglob("*")):
        if not file.is_file() or file.suffix in _PACKED:
            continue
        content = file.read_bytes()
        looked_at.add(file.name)
        found += [(file.name, one) for one in ADDRESS.findall(content) if one.lower() in emails]
        if not any(part in _OWN for part in file.parts):
            found += [(file.name, one) for one in sample if one in content]
    assert found == []
    assert looked_at >= {"checks.html", "index.html", "manifest.json", ".steps.jsonl"}


@pytest.fixture
def business(tmp_path):
    """Two customers and their orders, one of whom asks later to be erased."""
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,status,gross_amount\n"
        "o1,anna,2026-03-01,paid,20\no2,anna,2026-04-01,paid,30\no3,bert,2026-04-02,paid,5\n"
    )
    header = "customer_id,email,gender,birth_date,country,deleted_at,updated_at\n"
    (landing / "customers.csv").write_text(
        f"{header}anna,anna@example.org,female,1980-05-17,DE,,2026-03-01\n"
        "bert,bert@example.org,male,1975-01-02,AT,,2026-03-01\n"
    )
    return Workspace(PROJECT, landing, tmp_path / "warehouse"), header


def refresh(workspace: Workspace, refresh_id: str, now: dt.datetime) -> list[tuple]:
    """Load what is delivered, build the customers, and read them."""
    settings, contract = load_settings(), load_contract()
    read_deliveries(workspace, contract, settings, refresh_id, now)
    accept(workspace, contract, settings, refresh_id, now)
    compiled_models(settings).build(workspace.work_db, up_to=["customers", "revenue_growth"])
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        return con.execute(
            "select customer_id, is_erased, gender, age_band, valid_orders, net_revenue "
            "from core.customers order by customer_id"
        ).fetchall()


def test_erased_on_the_next_refresh_and_still_counted(business):
    """§1 E23: who asks to be erased is known by a key without a face; the shop's numbers stay."""
    workspace, header = business
    before = refresh(workspace, "r1", dt.datetime(2026, 5, 1))  # noqa: DTZ001 - UTC
    assert [row[1:4] for row in before] == [
        (False, "female", before[0][3]),
        (False, "male", before[1][3]),
    ]
    assert "unknown" not in {before[0][3], before[1][3]}
    (workspace.landing / "customers_2.csv").write_text(
        f"{header}anna,,,,DE,2026-05-01,2026-05-01\n"
    )
    (workspace.landing / "orders_2.csv").write_text(
        "order_id,customer_id,ordered_at,status,gross_amount\no4,bert,2026-05-02,paid,5\n"
    )
    after = refresh(workspace, "r2", dt.datetime(2026, 5, 4))  # noqa: DTZ001 - UTC
    assert after[0][1] is True
    assert after[0][2:4] not in {before[0][2:4]}
    assert (after[0][2], after[0][3]) == (None, None) or "unknown" in after[0][2:4]
    assert after[0][4:] == before[0][4:]
    assert after[1][1:4] == before[1][1:4]
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        landing = con.execute(
            "select email_hash, gender, birth_year from landing.customers "
            "where customer_id = 'anna'"
        ).fetchall()
    assert landing == [(None, None, None)]
