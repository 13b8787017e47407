"""What examples/README.md says Online Retail becomes, worked out a second time.

Plain Python over the raw lines, row by row; imports nothing of the project, so that a mistake in
the conversion's SQL, or in the marts behind it, is not made twice.
"""

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

CENT = Decimal("0.01")
SHIPPING = {"POST", "DOT", "C2"}


@dataclass(frozen=True)
class Line:
    """One line of the raw file."""

    invoice: str
    code: str
    quantity: int
    moment: datetime
    price: Decimal
    customer: str
    country: str

    @property
    def amount(self) -> Decimal:
        """Quantity times price, as the file has it."""
        return self.quantity * self.price

    @property
    def place(self) -> int:
        """The digits of the invoice number."""
        return int(self.invoice.lstrip("CA"))


@dataclass
class Order:
    """One invoice that is an order."""

    invoice: str
    customer: str
    moment: datetime
    gross: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    vouchers: Decimal = Decimal(0)
    items: int = 0
    refunded: Decimal = Decimal(0)
    codes: set[str] = field(default_factory=set)

    @property
    def is_valid(self) -> bool:
        """Amount above 0 after rounding."""
        return cents(self.gross) > 0

    @property
    def net_revenue(self) -> Decimal:
        """Net revenue on the order's own date: the refund takes its share of what is net."""
        if not self.is_valid:
            return Decimal("0.00")
        gross = cents(self.gross)
        net = gross - cents(self.shipping) - cents(self.vouchers)
        return net - cents(cents(self.refunded) * net / gross)


@dataclass
class Reference:
    """The raw file in the contract's terms."""

    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)

    @property
    def valid_orders(self) -> list[Order]:
        """Orders with an amount."""
        return [order for order in self.orders.values() if order.is_valid]


def cents(amount: Decimal) -> Decimal:
    """Round to two decimals, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@lru_cache(maxsize=2)
def read_lines(path: Path) -> list[Line]:
    """Read the raw file, plain or gzip."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return [
            Line(
                row["InvoiceNo"].strip(),
                row["StockCode"].strip().upper(),
                int(row["Quantity"]),
                datetime.fromisoformat(row["InvoiceDate"]),
                Decimal(row["UnitPrice"]),
                row["CustomerID"].strip(),
                row["Country"].strip(),
            )
            for row in csv.DictReader(file)
        ]


@lru_cache(maxsize=2)
def work_out(path: Path) -> Reference:
    """Turn the raw file into orders and refunds."""
    reference = Reference(lines=read_lines(path))
    by_invoice: dict[str, list[Line]] = defaultdict(list)
    latest: dict[str, datetime] = {}
    for line in reference.lines:
        by_invoice[line.invoice].append(line)
        if line.customer and (line.customer not in latest or line.moment >= latest[line.customer]):
            latest[line.customer] = line.moment
            reference.countries[line.customer] = line.country
    returns: list[Line] = []
    sold: dict[tuple[str, str], list[tuple[datetime, int, str]]] = defaultdict(list)
    for invoice, lines in by_invoice.items():
        kept = _sort_out(invoice, lines, returns, reference.left_out)
        if not kept:
            continue
        started = min(line.moment for line in kept)
        order = Order(invoice, kept[0].customer, started)
        # the time by which it is "earlier" is that of what was really sold
        sales_started = min((line.moment for line in kept if line.price > 0), default=started)
        for line in kept:
            order.items += 1
            order.codes.add(line.code)
            order.gross += line.amount
            order.shipping += line.amount if line.code in SHIPPING else 0
            order.vouchers += line.amount if line.code.startswith("GIFT_") else 0
            if line.price > 0 and line.customer:
                sold[line.customer, line.code].append((sales_started, line.place, invoice))
        reference.orders[invoice] = order
    _match(returns, sold, reference)
    return reference


def _sort_out(
    invoice: str, lines: list[Line], returns: list[Line], left_out: Counter[str]
) -> list[Line]:
    """Put aside returns and what is left out; hand back the lines of the order."""
    is_credit = invoice.startswith("C")
    has_sale = any(line.price > 0 and line.quantity > 0 for line in lines)
    kept = []
    for line in lines:
        if invoice.startswith("A") or line.price < 0:
            left_out["adjustment"] += 1
        elif line.price > 0 and (is_credit or line.quantity < 0):
            returns.append(line)
        elif line.quantity > 0 and not is_credit and (line.price > 0 or line.customer or has_sale):
            kept.append(line)
        else:
            left_out["stock_movement"] += 1
    return kept


def _match(
    returns: list[Line],
    sold: dict[tuple[str, str], list[tuple[datetime, int, str]]],
    reference: Reference,
) -> None:
    """Give each return the latest earlier invoice of its customer and product, or itself."""
    for line in returns:
        earlier = [
            sale
            for sale in sold.get((line.customer, line.code), [])
            if line.customer and sale[:2] < (line.moment, line.place)
        ]
        order_id = max(earlier)[2] if earlier else line.invoice
        key = (line.invoice, order_id)
        reference.refunds[key] = reference.refunds.get(key, Decimal(0)) - line.amount
    for (_, order_id), amount in reference.refunds.items():
        if order_id in reference.orders:
            # each refund is rounded by itself
            reference.orders[order_id].refunded += cents(amount)
