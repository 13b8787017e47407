"""DuckDB's client for Node.js reads the file and the Parquet files: examples/node/read.mjs."""

import json
import shutil
import subprocess

import duckdb

from orchestration.settings import PROJECT
from tests.python.readers.conftest import absent

FOLDER = PROJECT / "examples" / "node"


def test_node_reads_what_is_published(sample_warehouse):
    """A web application has an engine between the oldest and ours; it would find no file of its."""
    node = shutil.which("node")
    if not node:
        absent("Node.js (Debian: nodejs)")
    if not (FOLDER / "node_modules").is_dir():
        absent("examples/node/node_modules")
    ended = subprocess.run(
        [node, "read.mjs", sample_warehouse.warehouse],
        cwd=FOLDER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        churn = con.execute(
            "select period_start, opening, lost, closing, churn_rate from "
            "retention.retention_rates where grain = 'month' and basis = 'any' "
            "and dimension = 'all' and is_complete order by period_start"
        ).fetchall()
        (tables,) = con.execute("select count(*) from duckdb_tables()").fetchall()[0]
        orders, money = con.execute(
            "select count(*), sum(net_revenue) from core.orders"
        ).fetchall()[0]
    assert told["engine"].startswith("v1.5")
    assert told["tables"] == tables
    assert len(churn) > 20
    assert [
        (row["period_start"], int(row["opening"]), int(row["lost"]), int(row["closing"]),
         row["churn_rate"])
        for row in told["churn"]
    ] == [(str(start), *rest) for start, *rest in churn]  # fmt: skip
    assert (int(told["orders"]["orders"]), told["orders"]["net_revenue"]) == (orders, str(money))
