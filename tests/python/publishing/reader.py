"""A reader in a process of its own: queries until a stop file appears, then reports as JSON.

python reader.py (duckdb|parquet) WAREHOUSE STOP_FILE
"""

import json
import sys
import time
from pathlib import Path

import duckdb

TABLES = ("core.customers", "quality.refreshes", "retention.rates")


def ids_in_one_query(con):
    """Read all tables in one query; return what refresh ids they carry and the rows of two."""
    parts = " union all ".join(f"select refresh_id, '{table}' from {table}" for table in TABLES)
    return con.execute(
        f"select list(distinct refresh_id), count(*) from ({parts}) as parts(refresh_id, origin)"
    ).fetchall()[0]


def read_per_query(marts):
    """Connect, read every table by its own query, close, as a BI tool does."""
    with duckdb.connect(str(marts), read_only=True) as con:
        found = set()
        for table in TABLES:
            found |= {
                row[0] for row in con.execute(f"select distinct refresh_id from {table}").fetchall()
            }
        return found


def read_held(marts, seconds):
    """Hold one connection over several publications."""
    found = set()
    with duckdb.connect(str(marts), read_only=True) as con:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found |= set(ids_in_one_query(con)[0])
            time.sleep(0.02)
    return found


def read_parquet(warehouse):
    """Take the file names from the manifest and read each."""
    manifest = json.loads((warehouse / "manifest.json").read_text())
    found = {manifest["refresh_id"]}
    with duckdb.connect() as con:
        for table in manifest["tables"]:
            path = warehouse / table["parquet"]
            rows = con.execute(
                f"select refresh_id, count(*) from read_parquet('{path}') group by all"
            ).fetchall()
            found |= {row[0] for row in rows}
            if sum(row[1] for row in rows) != table["rows"]:
                found.add(f"{path} has other rows than the manifest says")
    return found


def main():
    """Read until told to stop."""
    kind, warehouse, stop = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    reads, seen, problems = 0, set(), []
    while not stop.exists():
        try:
            if kind == "parquet":
                found = read_parquet(warehouse)
            elif reads % 5 == 4:
                found = read_held(warehouse / "marts.duckdb", 0.5)
            else:
                found = read_per_query(warehouse / "marts.duckdb")
        except Exception as error:
            problems.append(f"{type(error).__name__}: {error}")
            continue
        reads += 1
        if len(found) != 1:
            problems.append(f"mixed: {sorted(found)}")
        seen |= found
        time.sleep(0.005)
    print(json.dumps({"reads": reads, "seen": sorted(seen), "problems": problems[:5]}))


if __name__ == "__main__":
    main()
