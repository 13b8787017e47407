"""`make dev MODEL=x`: one model in seconds, and a word of help where it cannot be built."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.dev import DevError, _tell, resolve
from orchestration.lock import writer_lock
from orchestration.publishing.publish import read_manifest
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.shared import copy_parsed

NODES = {
    "model.holdfast.orders": {"name": "orders", "resource_type": "model"},
    "model.holdfast.stg_orders": {"name": "stg_orders", "resource_type": "model"},
    "seed.holdfast.age_bands": {"name": "age_bands", "resource_type": "seed"},
    "test.holdfast.a_test": {"name": "a_test", "resource_type": "test"},
}


@pytest.mark.parametrize(
    ("given", "resolved"),
    [
        ("orders", ("orders", "orders")),
        ("core.orders", ("orders", "orders")),
        ("+orders", ("+orders", "orders")),
        ("2+core.orders+1", ("2+orders+1", "orders")),
        ("@orders", ("@orders", "orders")),
        ("age_bands", ("age_bands", "age_bands")),
        ("tag:nightly", ("tag:nightly", None)),
        ("models/marts/core", ("models/marts/core", None)),
    ],
)
def test_names_are_found_as_people_write_them(given, resolved):
    """schema.name, as a reader of the marts knows a model, would be "not found"."""
    assert resolve(given, NODES) == resolved


def test_a_name_nobody_has_brings_near_ones():
    """dbt selects nothing for a mistyped name, and calls that a success."""
    with pytest.raises(DevError, match=r"no model or seed named ordrs. Did you mean orders or stg"):
        resolve("ordrs", NODES)
    with pytest.raises(DevError, match="no model or seed named a_test"):
        resolve("a_test", NODES)


def dev(workspace, *names: str, **variables: str) -> subprocess.CompletedProcess:
    """Run the command as make does."""
    return subprocess.run(
        [sys.executable, "-m", "orchestration.dev", " ".join(names)],
        cwd=PROJECT,
        env=os.environ | workspace.environment() | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_refresh_it_says_what_to_do(tmp_path, sample_warehouse):
    """A stack trace, or an empty work database that looks like a refreshed one."""
    nowhere = replace(sample_warehouse, warehouse=tmp_path / "nowhere")
    ended = dev(nowhere, "orders")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "run `make refresh` first" in ended.stderr
    assert not (tmp_path / "nowhere").exists()
    assert "make dev MODEL=orders" in dev(nowhere).stderr


@pytest.fixture
def warehouse(sample_warehouse, tmp_path):
    """A copy of the refreshed sample, to build in."""
    workspace = replace(sample_warehouse, warehouse=tmp_path / "warehouse")
    shutil.copytree(sample_warehouse.warehouse, workspace.warehouse, symlinks=True)
    copy_parsed(load_settings(), workspace)
    return workspace


def test_one_model_with_its_tests_and_what_nobody_built(warehouse):
    """Every try at a model would cost a refresh; a new parent would have to be found by hand."""
    with duckdb.connect(str(warehouse.work_db)) as con:
        con.execute("drop table revenue.revenue_growth; drop table intermediate.int_periods")
        con.execute("delete from core.orders where order_id like '%7'")
        orders = con.execute("select count(*) from core.orders").fetchall()
    published = read_manifest(warehouse)
    ended = dev(warehouse, "revenue.revenue_growth")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "and int_periods, which no refresh has built yet" in ended.stdout
    assert re.search(r"[1-9]\d* unit tests? and [1-9]\d* data tests? passed", ended.stdout)
    assert "revenue.revenue_growth: " in ended.stdout
    assert "nothing is published" in ended.stdout
    with duckdb.connect(str(warehouse.work_db), read_only=True) as con:
        # a parent that stands is read as it is, not built again
        assert con.execute("select count(*) from core.orders").fetchall() == orders
    assert read_manifest(warehouse) == published

    ended, used = costing(warehouse, "revenue_growth")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "no refresh has built" not in ended.stdout
    # what dbt takes to import itself and to read the project it parsed, on the machine as it is
    ended, alone = costing(warehouse, "revenue_grwth")
    assert "Did you mean revenue_growth" in ended.stderr
    assert used < 2 * alone, f"{used:.1f} s of processor time, of which {alone:.1f} s to begin"


def costing(workspace, name: str) -> tuple[subprocess.CompletedProcess, float]:
    """Run the command and tell its processor seconds: other work slows the clock."""
    before = os.times()
    ended = dev(workspace, name)
    after = os.times()
    used = after.children_user + after.children_system
    return ended, used - before.children_user - before.children_system


def test_an_exposure_below_is_nothing_that_went_wrong(tmp_path, capsys):
    """MODEL=retention_rates+ would be NOT GOOD for the report that reads it."""
    node = SimpleNamespace(resource_type="exposure", name="report", original_file_path="x.yml")
    results = [SimpleNamespace(node=node, status="no-op", message="NO-OP")]
    assert _tell(Workspace(PROJECT, tmp_path, tmp_path), results)
    assert "report" not in capsys.readouterr().out


def test_a_view_is_shown_of_which_a_limit_never_ends(tmp_path):
    """DuckDB 2.0.0 waits for ever where a limit is met while a CTE is read by two."""
    workspace = Workspace(PROJECT, tmp_path / "landing", tmp_path)
    with duckdb.connect(str(workspace.work_db)) as con:
        con.execute(
            """create table numbers as select i, i % 7 as g from range(100000) as r (i);
            create view pairs as
            with a as materialized (select i, g from numbers),
            b as materialized (
                select a.i, count(*) as n from a inner join a as other using (i) group by a.i
            )
            select i, n from b union all select a.i, b.n from a left join b using (i)"""
        )
    show = (
        "from pathlib import Path; from orchestration.dev import _show; "
        "from orchestration.workspace import Workspace; "
        f"_show(Workspace(Path('.'), Path('.'), Path({str(tmp_path)!r})), "
        "{'schema': 'main', 'alias': 'pairs'})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", show], cwd=PROJECT, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert "main.pairs: 200,000 rows" in ended.stdout
    assert ended.stdout.count("│     1 │\n") == 5


def test_a_running_refresh_is_not_disturbed(warehouse):
    """Two writers: the refresh would fail, or publish a half-edited model."""
    with writer_lock(warehouse.lock_file, 0):
        ended = dev(warehouse, "orders", HOLDFAST_LOCK_TIMEOUT="0")
    assert ended.returncode == 1
    assert "Another refresh is writing this warehouse" in ended.stderr


def test_a_unit_test_that_fails_is_shown(warehouse, tmp_path):
    """A wrong model would be called built; an own one could not be tried at all."""
    own = tmp_path / "own"
    files = {
        "models/marts/shop/shop_customers.sql": "select customer_id from {{ ref('customers') }}",
        "models/marts/shop/_shop__models.yml": """models:
  - name: shop_customers
    description: 'One row per customer.'
    columns:
      - {name: customer_id, data_type: varchar, description: 'Person.', data_tests: [unique]}
""",
        "tests/unit/shop_customers.yml": """unit_tests:
  - name: nobody_is_there
    model: shop_customers
    given: [{input: ref('customers'), rows: [{customer_id: somebody}]}]
    expect: {rows: [{customer_id: nobody}]}
""",
    }
    for name, text in files.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text, encoding="utf-8")
    workspace = replace(warehouse, extensions=own)
    copy_parsed(workspace.read_settings(), workspace)
    ended = dev(workspace, "shop.shop_customers")
    assert ended.returncode == 1
    assert (
        f"FAIL      unit test nobody_is_there ({own}/tests/unit/shop_customers.yml)" in ended.stdout
    )
    assert "actual differs from expected" in ended.stdout
    assert "NOT GOOD" in ended.stdout
    text = files["tests/unit/shop_customers.yml"].replace("nobody}", "somebody}")
    (own / "tests/unit/shop_customers.yml").write_text(text, encoding="utf-8")
    ended = dev(workspace, "shop.shop_customers")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 unit test and 1 data test passed" in ended.stdout
    assert "│ customer_id │" in ended.stdout
