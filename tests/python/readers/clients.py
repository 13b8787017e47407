"""Child of test_clients.py: reads all that is published with clients of other makers.

`clients.py warehouse` prints as JSON what each of them found. Runs in .venv-readers.
"""

import json
import sys
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.parquet as parquet


def old_duckdb(marts: Path) -> dict:
    """Rows that came over, and types, of each table; every cell is read."""
    with duckdb.connect(str(marts), read_only=True) as con:
        con.execute("set enable_progress_bar = false")
        tables = [
            f"{schema}.{name}"
            for schema, name in con.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
        ]
        return {
            "version": duckdb.__version__,
            "comments": con.execute(
                "select count(comment) from duckdb_columns() where not internal"
            ).fetchone()[0],
            "tables": {
                name: {
                    "rows": con.execute(f"from {name}").fetch_arrow_table().num_rows,
                    "types": {
                        column: kind.lower()
                        for column, kind, *_ in con.execute(f"describe {name}").fetchall()
                    },
                }
                for name in tables
            },
        }


def of_parquet(folder: Path) -> dict:
    """Types of every file as Arrow sees them."""
    return {
        f"{path.parent.name}.{path.stem}": {
            "rows": parquet.read_metadata(path).num_rows,
            "types": {field.name: str(field.type) for field in parquet.read_schema(path)},
        }
        for path in sorted(folder.glob("*/*.parquet"))
    }


def of_pandas(path: Path) -> dict:
    """What a person with pandas gets of a table: the types of its cells, a sum."""
    orders = pandas.read_parquet(path)
    first = orders.dropna(subset=["ordered_at", "net_revenue", "is_valid"]).iloc[0]
    return {
        "rows": len(orders),
        "money": str(orders["net_revenue"].sum()),
        "types": {name: type(first[name]).__name__ for name in ("net_revenue", "ordered_on")},
        "instants": str(orders["ordered_at"].dtype),
        "flags": str(orders["is_valid"].dtype),
        "last_day": str(orders["ordered_on"].max()),
    }


def of_polars(folder: Path) -> dict:
    """Types of every table in polars, and a question lazily asked of two."""
    orders = polars.scan_parquet(folder / "core" / "orders.parquet")
    customers = polars.scan_parquet(folder / "core" / "customers.parquet")
    by_country = (
        orders.filter(polars.col("is_valid"))
        .join(customers, on="customer_id")
        .group_by("country")
        .agg(polars.col("net_revenue").sum())
        .collect()
    )
    return {
        "types": {
            f"{path.parent.name}.{path.stem}": {
                name: str(kind) for name, kind in polars.read_parquet_schema(path).items()
            }
            for path in sorted(folder.glob("*/*.parquet"))
        },
        "by_country": {str(country): str(money) for country, money in by_country.iter_rows()},
    }


def main() -> None:
    warehouse = Path(sys.argv[1])
    folder = warehouse / "parquet"
    print(
        json.dumps(
            {
                "duckdb": old_duckdb(warehouse / "marts.duckdb"),
                "parquet": of_parquet(folder),
                "pandas": of_pandas(folder / "core" / "orders.parquet"),
                "polars": of_polars(folder),
            }
        )
    )


if __name__ == "__main__":
    main()
