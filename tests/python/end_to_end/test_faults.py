"""Bad deliveries, one after another, into one warehouse: a clear no, and nothing lost."""

import csv
import hashlib
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from warehouses import Warehouse, refreshed, run_refresh_command

from orchestration.workspace import Workspace

FIRST = date(2026, 3, 2)
ORDERS = 120

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


def write(path: Path, rows: list[list[object]]) -> None:
    """Write a CSV file, the header first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def orders(numbers: range, currency: str = "EUR") -> list[list[object]]:
    """Sound orders, one a day."""
    return [
        [f"O{number}", f"C{number % 17}", FIRST + timedelta(days=number), "paid", "20.00", currency]
        for number in numbers
    ]


def items(numbers: range) -> list[list[object]]:
    """One sound line for each order."""
    return [[f"I{number}", f"O{number}", "P1", "2", "10.00"] for number in numbers]


ORDER_HEADER = ["order_id", "customer_id", "ordered_at", "status", "gross_amount", "currency"]
ITEM_HEADER = ["order_item_id", "order_id", "product_id", "quantity", "unit_price"]


def first_delivery(landing: Path) -> None:
    """A small shop whose files hold a few bad rows of each kind."""
    # nobody started or stopped a subscription since: that is quiet, not missing data
    landing.mkdir(parents=True)
    (landing / "inputs.yml").write_text("loaded_through: 2026-10-31\n", encoding="utf-8")
    write(
        landing / "orders.csv",
        [
            ORDER_HEADER,
            *orders(range(ORDERS)),
            # the same key again: the later version wins, an equal one collapses
            ["O3", "C3", FIRST + timedelta(days=3), "paid", "40.00", "EUR"],
            ["O4", "C4", FIRST + timedelta(days=4), "paid", "20.00", "EUR"],
            ["B1", "C1", "2026-13-01", "paid", "20.00", "EUR"],
            ["B2", "C1", "2026-03-05", "shipped", "20.00", "EUR"],
            ["", "C1", "2026-03-05", "paid", "20.00", "EUR"],
            ["B4", "C1", "2031-01-01", "paid", "20.00", "EUR"],
            ["B5", "C1", "2026-03-05", "paid", "-5.00", "EUR"],
        ],
    )
    write(
        landing / "order_items.csv",
        [
            ITEM_HEADER,
            *items(range(ORDERS)),
            ["J1", "O1", "P1", "-1", "10.00"],
            ["J2", "O999", "P1", "1", "10.00"],
        ],
    )
    write(landing / "products.csv", [["product_id", "kind"], ["P1", "good"]])
    write(
        landing / "subscription_periods.csv",
        [
            ["subscription_id", "customer_id", "plan_id", "status", "starts_at", "ends_at",
             "unit_amount", "billing_interval"],
            *[[f"S{number}", f"C{number}", "pro", "active", "2026-03-02", "", "30", "month"]
              for number in range(25)],
            ["S99", "C1", "pro", "active", "2026-03-02", "2026-03-01", "30", "month"],
        ],
    )  # fmt: skip


def visible_state(workspace: Workspace) -> list[tuple[str, str]]:
    """Hash everything a reader can see."""
    files = [workspace.marts_db, workspace.manifest, *workspace.parquet_dir.rglob("*.parquet")]
    return sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Warehouse:
    """The small shop, delivered and published once."""
    folder = tmp_path_factory.mktemp("shop")
    first_delivery(folder / "landing")
    return Warehouse(refreshed(folder / "landing", folder / "warehouse"))


@pytest.fixture
def own_shop(shop, tmp_path) -> Warehouse:
    """A copy of the small shop, to be harmed at will."""
    for name in ("landing", "warehouse"):
        shutil.copytree(getattr(shop.workspace, name), tmp_path / name, symlinks=True)
    return Warehouse(
        replace(shop.workspace, landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    )


def test_bad_rows_are_kept_out_and_told_and_the_rest_loads(shop):
    """One bad line must not cost the delivery, nor disappear without a trace."""
    quarantined = shop.rows(
        "select file, rule, value, line, row_key from quality.quarantined_rows "
        "where healed_at is null"
    )
    assert {row[:3] for row in quarantined} >= BAD_ROWS
    assert len(quarantined) == len(BAD_ROWS)
    line_of = {(file, rule): line for file, rule, _, line, _ in quarantined}
    assert line_of["orders.csv", "ordered_at.type"] == ORDERS + 4
    assert line_of["order_items.csv", "quantity.minimum"] == ORDERS + 2
    keys = {rule: key for _, rule, _, _, key in quarantined}
    assert "B5" in keys["gross_amount.minimum"]
    assert shop.rows("select count(*) from core.orders") == [(ORDERS,)]
    assert shop.rows("select count(*) from core.order_items") == [(ORDERS,)]
    assert shop.rows("select gross_amount from core.orders where order_id = 'O3'")[0][0] == 40


def test_every_line_is_accounted_for(shop):
    """Read = loaded + refused + superseded, file by file."""
    loads = shop.rows(
        "select file, rows_read, rows_loaded, rows_refused, rows_superseded "
        "from quality.input_loads"
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
    assert own_shop.work_rows("select count(*) from landing.orders where not _is_deleted") == [
        (ORDERS,)
    ]
    statuses = own_shop.work_rows(
        "select file, status from ops.input_loads "
        "where starts_with(split_part(file, '_2', 2), '.csv')"
    )
    assert sorted(statuses) == [
        ("order_items_2.csv", "unreadable"),
        ("orders_2.csv", "stopped"),
        ("products_2.csv", "stopped"),
    ]

    (landing / "products_2.csv").unlink()
    write(landing / "order_items_2.csv", [ITEM_HEADER, *items(new)])
    write(landing / "orders_2.csv", [ORDER_HEADER, *orders(new)])
    done = run_refresh_command(workspace)
    assert done.returncode == 0, done.stdout + done.stderr
    assert own_shop.rows("select count(*) from core.orders") == [(ORDERS + 40,)]
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
def test_nothing_to_count_is_a_clear_no(tmp_path, files, words):
    """Published marts without a single order would look like a shop that lost everybody."""
    for name, rows in files.items():
        write(tmp_path / "landing" / name, rows)
    workspace = replace(
        Workspace.from_environment({}),
        landing=tmp_path / "landing", warehouse=tmp_path / "warehouse", is_sample=False,
    )  # fmt: skip
    done = run_refresh_command(workspace)
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert [word for word in words if word not in told] == []
    assert not workspace.marts_db.exists()


def test_nothing_new_does_nothing(own_shop):
    """A schedule that finds the same files must not rebuild, nor touch what readers have open."""
    workspace = own_shop.workspace
    before = visible_state(workspace), workspace.marts_db.stat().st_mtime_ns
    runs = own_shop.work_rows("select count(*) from ops.refreshes")
    done = run_refresh_command(workspace)
    assert done.returncode == 0
    assert (visible_state(workspace), workspace.marts_db.stat().st_mtime_ns) == before
    assert own_shop.work_rows("select count(*) from ops.refreshes") == runs
