"""examples/online_retail.py against a second reading of the same raw lines."""

import csv
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import retail_reference
from synthetic_retail import write_synthetic_lines

from examples.online_retail import Conversion, convert
from orchestration.contract import load_contract
from orchestration.settings import load_settings

SHARED_DATA = Path(
    os.environ.get("HOLDFAST_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")
)
REAL_LINES = SHARED_DATA / "online_retail_lines.csv.gz"
NO_GOODS = {
    "POST": "shipping",
    "DOT": "shipping",
    "C2": "shipping",
    "M": "service",
    "D": "service",
    "S": "service",
    "PADS": "service",
    "B": "fee",
    "BANK CHARGES": "fee",
    "CRUK": "fee",
    "AMAZONFEE": "fee",
}


def rows_of(landing: Path, name: str) -> list[dict[str, str]]:
    """Read one delivered file as text."""
    with (landing / name / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(
    scope="module",
    params=[
        "synthetic",
        pytest.param(
            "real",
            marks=pytest.mark.skipif(not REAL_LINES.exists(), reason=f"{REAL_LINES} is not here"),
        ),
    ],
)
def converted(request, tmp_path_factory) -> tuple[Path, Conversion, retail_reference.Reference]:
    """The landing folder, what the conversion says about it, and the second reading."""
    folder = tmp_path_factory.mktemp(request.param)
    source = REAL_LINES if request.param == "real" else write_synthetic_lines(folder / "lines.csv")
    return folder, convert(source, folder / "landing"), retail_reference.work_out(source)


def test_every_line_is_accounted_for(converted):
    """A line that falls between two rules would silently lose revenue or a return."""
    folder, conversion, reference = converted
    assert sum(conversion.lines.values()) == len(reference.lines)
    assert {kind: conversion.lines[kind] for kind in ("adjustment", "stock_movement")} == dict(
        reference.left_out
    )
    assert len(rows_of(folder / "landing", "order_items")) == sum(
        conversion.lines[kind] for kind in ("sale", "given_away")
    )


def test_orders_are_the_invoices(converted):
    """An invoice lost, doubled or with a wrong amount, person or time changes every mart."""
    folder, _, reference = converted
    delivered = {
        row["order_id"]: (
            row["customer_id"],
            row["ordered_at"],
            Decimal(row["gross_amount"]),
            Decimal(row["shipping_amount"]),
        )
        for row in rows_of(folder / "landing", "orders")
    }
    assert delivered == {
        order.invoice: (order.customer, order.moment.isoformat(), order.gross, order.shipping)
        for order in reference.orders.values()
    }


def test_items_add_up_to_their_orders(converted):
    """Equal lines of an invoice are separate items; merged, they would disagree with the order."""
    folder, _, reference = converted
    items = rows_of(folder / "landing", "order_items")
    assert len({row["order_item_id"] for row in items}) == len(items)
    totals: Counter[str] = Counter()
    for row in items:
        totals[row["order_id"]] += Decimal(row["quantity"]) * Decimal(row["unit_price"])
    assert totals == {order.invoice: order.gross for order in reference.orders.values()}


def test_refunds_find_the_latest_earlier_invoice(converted):
    """A refund on a wrong order moves money between customers and months."""
    folder, _, reference = converted
    refunds = rows_of(folder / "landing", "refunds")
    delivered = {
        (row["refund_id"].split("-")[0], row["order_id"]): Decimal(row["amount"]) for row in refunds
    }
    assert len(delivered) == len(refunds)
    assert delivered == reference.refunds


def test_orders_less_refunds_are_the_file(converted):
    """Orders less refunds are all lines but the ledger's, to the tenth of a penny."""
    folder, _, reference = converted
    orders = sum(Decimal(row["gross_amount"]) for row in rows_of(folder / "landing", "orders"))
    refunds = sum(Decimal(row["amount"]) for row in rows_of(folder / "landing", "refunds"))
    assert orders - refunds == sum(
        line.amount
        for line in reference.lines
        if not line.invoice.startswith("A") and line.price > 0
    )


def test_customers_have_their_latest_country(converted):
    """A customer with two countries must not become two rows, nor keep the older country."""
    folder, _, reference = converted
    rows = rows_of(folder / "landing", "customers")
    assert len({row["customer_id"] for row in rows}) == len(rows)
    assert {row["customer_id"]: row["country"] for row in rows} == reference.countries


def test_products_say_what_is_no_good(converted):
    """Postage, fees and vouchers counted as goods would pass for revenue and favourites."""
    folder, _, reference = converted
    rows = {row["product_id"]: row for row in rows_of(folder / "landing", "products")}
    assert set(rows) == {line.code for line in reference.lines}
    kinds = {code: row["kind"] for code, row in rows.items() if row["kind"] != "good"}
    vouchers = {code: "gift_card" for code in rows if code.startswith("GIFT_")}
    assert vouchers
    assert kinds == NO_GOODS | vouchers


def test_files_fit_the_contract(converted):
    """A column the contract does not know would be kept out without a failure."""
    folder, conversion, _ = converted
    contract = load_contract()
    for name in conversion.rows:
        rows = rows_of(folder / "landing", name)
        columns = {column.name: column for column in contract.inputs[name].columns}
        assert set(rows[0]) <= set(columns)
        assert {name for name, column in columns.items() if column.required} <= set(rows[0])
        assert len(rows) == conversion.rows[name]
    settings = load_settings(folder / "landing" / "settings.yml")
    assert settings.overrides == {
        "business_timezone": "Europe/London",
        "reporting_currency": "GBP",
    }


def test_converting_twice_writes_the_same_bytes(tmp_path):
    """A loaded file is known by its content; other bytes would load everything again."""
    source = write_synthetic_lines(tmp_path / "lines.csv")
    convert(source, tmp_path / "first")
    convert(source, tmp_path / "again")
    files = [path for path in sorted((tmp_path / "first").rglob("*")) if path.is_file()]
    assert len(files) == 7
    for file in files:
        again = tmp_path / "again" / file.relative_to(tmp_path / "first")
        assert file.read_bytes() == again.read_bytes(), file.name


def test_the_synthetic_file_has_every_kind_of_mess(tmp_path):
    """Without the mess the tests above would pass on a file that proves nothing."""
    lines = retail_reference.read_lines(write_synthetic_lines(tmp_path / "lines.csv"))
    text = (tmp_path / "lines.csv").read_text(encoding="utf-8").splitlines()[1:]
    reference = retail_reference.work_out(tmp_path / "lines.csv")
    assert 1000 < len(lines) <= 2000
    codes = {line.code for line in lines}
    assert set(NO_GOODS) <= codes
    times: dict[str, set] = {}
    countries: dict[str, set] = {}
    for line in lines:
        times.setdefault(line.invoice, set()).add(line.moment)
        countries.setdefault(line.customer, set()).add(line.country)
    matched = {
        key: amount for key, amount in reference.refunds.items() if key[1] in reference.orders
    }
    kinds_of_mess = {
        "credit that finds its order": bool(matched),
        "credit that finds none": len(matched) < len(reference.refunds),
        "credit without a customer": any(
            line.invoice.startswith("C") and not line.customer for line in lines
        ),
        "credit over several orders": len({key[0] for key in matched}) < len(matched),
        "part of an order given back": any(
            0 < order.refunded < order.gross for order in reference.orders.values()
        ),
        "all of an order given back": any(
            order.refunded == order.gross > 0 for order in reference.orders.values()
        ),
        "more than the order given back": any(
            order.refunded > order.gross > 0 for order in reference.orders.values()
        ),
        "sale without a customer": any(not order.customer for order in reference.valid_orders),
        "negative price": any(line.price < 0 for line in lines),
        "price 0 to somebody": any(
            not order.is_valid and order.customer for order in reference.orders.values()
        ),
        "price 0 within an order": any(
            line.price == 0
            and line.quantity > 0
            and line.invoice in reference.orders
            and reference.orders[line.invoice].gross > 0
            for line in lines
        ),
        "price of a tenth of a penny": any(line.price == Decimal("0.001") for line in lines),
        "negative quantity without C, price 0": any(
            line.quantity < 0 and line.price == 0 and not line.invoice.startswith("C")
            for line in lines
        ),
        "negative quantity without C, with a price": any(
            line.quantity < 0 < line.price and not line.invoice.startswith("C") for line in lines
        ),
        "the same line twice": len(set(text)) < len(text),
        "an invoice at two times": any(len(moments) > 1 for moments in times.values()),
        "a customer of two countries": any(
            customer and len(names) > 1 for customer, names in countries.items()
        ),
        "a customer who never bought": any(
            customer not in {order.customer for order in reference.orders.values()}
            for customer in reference.countries
        ),
        "codes in small letters": any(",85123a," in line for line in text),
        "remarks for names": any(
            f",{remark}," in line for line in text for remark in ("?", "lost", "damages")
        ),
        "no name": any(",," in line for line in text),
        "ledger invoices": any(line.invoice.startswith("A") for line in lines),
        "voucher": any(code.startswith("GIFT_") for code in codes),
    }
    assert [kind for kind, is_there in kinds_of_mess.items() if not is_there] == []


@pytest.mark.skipif(not REAL_LINES.exists(), reason=f"{REAL_LINES} is not here")
def test_known_figures_of_the_real_file():
    """The published picture of the data set: the yardstick itself must be right."""
    plain = [
        line
        for line in retail_reference.read_lines(REAL_LINES)
        if line.customer
        and line.quantity > 0
        and line.price > 0
        and not line.invoice.startswith("C")
    ]
    first: dict[str, tuple[int, int]] = {}
    months: dict[str, set] = {}
    for line in plain:
        month = (line.moment.year, line.moment.month)
        first[line.customer] = min(first.get(line.customer, month), month)
        months.setdefault(line.customer, set()).add(month)
    cohort = [customer for customer, month in first.items() if month == (2010, 12)]
    assert len(plain) == 397884
    assert len(first) == 4338
    assert len({line.invoice for line in plain}) == 18532
    assert len(cohort) == 885
    assert sum((2011, 1) in months[customer] for customer in cohort) == 324
