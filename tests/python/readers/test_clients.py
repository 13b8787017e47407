"""Old DuckDB, pandas and polars read what is published, and get the types that are promised."""

from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.publishing.publish import read_manifest
from tests.python.readers.conftest import HERE, promised_columns

ARROW = {
    "varchar": "string",
    "bigint": "int64",
    "integer": "int32",
    "double": "double",
    "boolean": "bool",
    "date": "date32[day]",
    "timestamp": "timestamp[us]",
}
POLARS = {
    "varchar": "String",
    "bigint": "Int64",
    "integer": "Int32",
    "double": "Float64",
    "boolean": "Boolean",
    "date": "Date",
    "timestamp": "Datetime(time_unit='us', time_zone=None)",
}


@pytest.fixture(scope="module")
def promised() -> dict[str, dict[str, str]]:
    """Types by table and column, as docs/public_columns.csv promises them."""
    return promised_columns()


@pytest.fixture(scope="module")
def found(reader, sample_warehouse) -> dict[str, Any]:
    """What all clients found, asked once."""
    return reader(HERE / "clients.py", sample_warehouse.warehouse)


@pytest.fixture(scope="module")
def rows(sample_warehouse) -> dict[str, int]:
    """Rows by table, as manifest.json has them."""
    tables = read_manifest(sample_warehouse)["tables"]
    return {f"{table['schema']}.{table['name']}": table["rows"] for table in tables}


def test_an_old_duckdb_reads_every_table(found, promised, rows):
    """BI tools come with engines years old; one column of a new type and they open nothing."""
    told = found["duckdb"]
    assert told["version"].split(".")[0] == "1"
    assert {name: table["rows"] for name, table in told["tables"].items()} == rows
    assert {
        name: {column: kind.replace(" ", "") for column, kind in table["types"].items()}
        for name, table in told["tables"].items()
    } == promised
    assert told["comments"] == sum(len(columns) for columns in promised.values())


def test_parquet_has_the_promised_types(found, promised, rows):
    """Money as a float, or a day as an instant, would be wrong by cents or by time zones."""
    assert {name: table["rows"] for name, table in found["parquet"].items()} == rows
    assert {name: table["types"] for name, table in found["parquet"].items()} == {
        name: {
            column: ARROW.get(kind) or kind.replace("decimal", "decimal128").replace(",", ", ")
            for column, kind in columns.items()
        }
        for name, columns in promised.items()
    }
    assert found["polars"]["types"] == {
        name: {
            column: POLARS.get(kind)
            or kind.replace("decimal(", "Decimal(precision=").replace(",", ", scale=")
            for column, kind in columns.items()
        }
        for name, columns in promised.items()
    }


def test_pandas_and_polars_count_as_the_marts_do(found, sample_warehouse):
    """The same question in another client would have another answer."""
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        orders = con.execute(
            "select count(*), sum(net_revenue), max(ordered_on) from core.orders"
        ).fetchall()[0]
        by_country = con.execute(
            "select country, sum(orders.net_revenue) from core.orders inner join core.customers "
            "using (customer_id) where is_valid group by country"
        ).fetchall()
    told = found["pandas"]
    assert (told["rows"], Decimal(told["money"]), told["last_day"]) == (
        orders[0],
        orders[1],
        str(orders[2]),
    )
    assert told["types"] == {"net_revenue": "Decimal", "ordered_on": "date"}
    assert told["instants"] == "datetime64[us]"
    assert told["flags"] == "bool"
    assert len(by_country) > 2
    assert found["polars"]["by_country"] == {str(name): str(money) for name, money in by_country}
