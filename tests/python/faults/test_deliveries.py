"""Bad deliveries, one after another, into one warehouse: a clear no, and nothing lost."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.faults import victim
from tests.python.faults.conftest import Victim, copy_of
from tests.python.faults.shop import FIRST, ITEM_HEADER, ORDER_HEADER, ORDERS, items, orders, write
from tests.python.shared import copy_parsed

# Rows of the first delivery that must be kept out: file, line, rule and value as a person is told.
BAD_ROWS = {
    ("orders.csv", "ordered_at.type", "2026-13-01"),
    ("orders.csv", "status.accepted_values", "shipped"),
    ("orders.csv", "order_id.required", None),
    ("orders.csv", "ordered_at.event", "2031-01-01"),
    ("orders.csv", "gross_amount.minimum", "-5.00"),
    ("order_items.csv", "quantity.minimum", "-1"),
    ("order_items.csv", "order_id.reference", "O999"),
    ("subscription_periods.csv", "ends_at.after", "2026-03-01"),
}


def visible_state(workspace: Workspace) -> list[tuple[str, str]]:
    """Hash everything a reader can see."""
    files = [workspace.marts_db, workspace.manifest, *workspace.parquet_dir.rglob("*.parquet")]
    return sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)


def rows(shop: Victim, query: str) -> list[tuple]:
    """Read the published marts, as a person with DuckDB does."""
    with duckdb.connect(str(shop.workspace.marts_db), read_only=True) as con:
        return con.execute(query).fetchall()


def work_rows(shop: Victim, query: str) -> list[tuple]:
    """Read the private work database."""
    with duckdb.connect(str(shop.workspace.work_db), read_only=True) as con:
        return con.execute(query).fetchall()


def run_refresh_command(workspace: Workspace) -> subprocess.CompletedProcess:
    """Run `python -m orchestration.refresh` as make does."""
    copy_parsed(load_settings(), workspace)
    return subprocess.run(
        [sys.executable, "-m", "orchestration.refresh"],
        cwd=PROJECT,
        env=os.environ | workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture
def own_shop(base, tmp_path) -> Victim:
    """A copy of the small shop, to be harmed at will."""
    return copy_of(base, tmp_path)


def test_bad_rows_are_kept_out_and_told_and_the_rest_loads(base):
    """One bad line must not cost the delivery, nor disappear without a trace."""
    quarantined = rows(
        base,
        "select file, rule, value, line, row_key from quality.quarantined_rows "
        "where healed_at is null",
    )
    assert {row[:3] for row in quarantined} >= BAD_ROWS
    assert len(quarantined) == len(BAD_ROWS)
    line_of = {(file, rule): line for file, rule, _, line, _ in quarantined}
    assert line_of["orders.csv", "ordered_at.type"] == ORDERS + 4
    assert line_of["order_items.csv", "quantity.minimum"] == ORDERS + 2
    keys = {rule: key for _, rule, _, _, key in quarantined}
    assert "B5" in keys["gross_amount.minimum"]
    assert rows(base, "select count(*) from core.orders") == [(ORDERS,)]
    assert rows(base, "select count(*) from core.order_items") == [(ORDERS,)]
    assert rows(base, "select gross_amount from core.orders where order_id = 'O3'")[0][0] == 40


def test_every_line_is_accounted_for(base):
    """Read = loaded + refused + superseded, file by file."""
    loads = rows(
        base,
        "select file, rows_read, rows_loaded, rows_refused, rows_superseded "
        "from quality.input_loads",
    )
    assert {load[0]: load[1:] for load in loads} == {
        "orders.csv": (ORDERS + 7, ORDERS, 5, 2),
        "order_items.csv": (ORDERS + 2, ORDERS, 2, 0),
        "products.csv": (1, 1, 0, 0),
        "subscription_periods.csv": (26, 25, 1, 0),
    }


def test_a_delivery_that_cannot_be_taken_stops_and_a_corrected_one_publishes(own_shop):
    """Every reason at once, so that a person corrects once; then everything is taken."""
    workspace = own_shop.workspace
    before = visible_state(workspace)
    landing = workspace.landing
    new = range(ORDERS, ORDERS + 40)
    # a required column missing, a header twice, and more than 5 % of the rows refused
    write(landing / "products_2.csv", [["kind"], ["good"]])
    write(landing / "order_items_2.csv", [[*ITEM_HEADER, "Quantity"], *items(new)])
    broken = [[*row[:4], "much", row[5]] for row in orders(new)]
    write(landing / "orders_2.csv", [ORDER_HEADER, *broken])
    done = run_refresh_command(workspace)
    assert done.returncode == 1
    told = " ".join((done.stdout + done.stderr).split())
    for words in (
        "products", "product_id", "products_2.csv",
        "order_items_2.csv", "quantity",
        "orders", "40", "5 %", "orders_2.csv:2 gross_amount.type much", "What to do",
    ):  # fmt: skip
        assert words in told, f"{words!r} is not in: {told[-3000:]}"
    assert visible_state(workspace) == before
    assert work_rows(own_shop, "select count(*) from landing.orders where not _is_deleted") == [
        (ORDERS,)
    ]
    statuses = work_rows(
        own_shop,
        "select file, status from ops.input_loads "
        "where starts_with(split_part(file, '_2', 2), '.csv')",
    )
    assert sorted(statuses) == [
        ("order_items_2.csv", "unreadable"),
        ("orders_2.csv", "stopped"),
        ("products_2.csv", "stopped"),
    ]

    (landing / "products_2.csv").unlink()
    write(landing / "order_items_2.csv", [ITEM_HEADER, *items(new)])
    write(landing / "orders_2.csv", [ORDER_HEADER, *orders(new)])
    own_shop.refresh()
    assert rows(own_shop, "select count(*) from core.orders") == [(ORDERS + 40,)]
    assert visible_state(workspace) != before


def test_a_missing_rate_fails_the_build_and_names_currency_and_day(own_shop):
    """E46: an amount without a rate must never count as 0, nor the marts be half new."""
    workspace = own_shop.workspace
    before = visible_state(workspace)
    day = range(ORDERS, ORDERS + 1)
    write(workspace.landing / "orders_2.csv", [ORDER_HEADER, *orders(day, "CHF")])
    write(workspace.landing / "order_items_2.csv", [ITEM_HEADER, *items(day)])
    done = run_refresh_command(workspace)
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert "CHF" in told
    assert (FIRST + timedelta(days=ORDERS)).isoformat() in told
    assert visible_state(workspace) == before


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"orders.csv": [ORDER_HEADER]}, ("orders", "What to do")),
        (
            {"products.csv": [["product_id"], ["P1"]]},
            ("orders", "subscription_periods", "What to do"),
        ),
    ],
    ids=["empty_required_input", "required_file_missing"],
)
def test_nothing_to_count_is_a_clear_no(tmp_path, models, files, words):
    """Published marts without a single order would look like a shop that lost everybody."""
    for name, rows in files.items():
        write(tmp_path / "landing" / name, rows)
    shop = Victim(Workspace(PROJECT, tmp_path / "landing", tmp_path / "warehouse"), models)
    ended = shop.run(victim.refresh, models)
    assert ended.code == 0, ended.said
    ((result, told),) = work_rows(shop, "select result, message from ops.refreshes")
    assert result == "stopped"
    assert [word for word in words if word not in told] == []
    assert not shop.workspace.marts_db.exists()


def test_nothing_new_does_nothing(sample_warehouse, models, tmp_path):
    """A schedule that finds the same files must not rebuild, nor touch what readers have open."""
    workspace = replace(sample_warehouse, warehouse=tmp_path / "warehouse")
    shutil.copytree(sample_warehouse.warehouse, workspace.warehouse, symlinks=True)
    shop = Victim(workspace, models)
    before = visible_state(workspace), workspace.marts_db.stat().st_mtime_ns
    runs = work_rows(shop, "select count(*) from ops.refreshes")
    done = run_refresh_command(workspace)
    assert done.returncode == 0, done.stderr
    assert "Nothing new" in done.stdout
    assert (visible_state(workspace), workspace.marts_db.stat().st_mtime_ns) == before
    assert work_rows(shop, "select count(*) from ops.refreshes") == runs
