"""A small shop: its first delivery with a few bad rows of each kind, and a second one."""

import csv
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2026, 3, 2)
ORDERS = 120
NEW = 40

ORDER_HEADER = ["order_id", "customer_id", "ordered_at", "status", "gross_amount", "currency"]
ITEM_HEADER = ["order_item_id", "order_id", "product_id", "quantity", "unit_price"]


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


def second_delivery(landing: Path) -> None:
    """New orders, a bad one, and one that was worth more: a final month is restated."""
    new = range(ORDERS, ORDERS + NEW)
    corrected = ["O3", "C3", FIRST + timedelta(days=3), "paid", "55.00", "EUR"]
    # named before the first by the alphabet, as a business may: the order of loads must count
    bad = ["B6", "C1", "2026-03-05", "paid", "-5.00", "EUR"]
    write(landing / "orders_0.csv", [ORDER_HEADER, *orders(new), corrected, bad])
    write(landing / "order_items_0.csv", [ITEM_HEADER, *items(new)])
