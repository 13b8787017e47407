"""A small file in the shape of UCI Online Retail, with every kind of mess found in the real one.

Made from a seed, so that the conversion and the refresh run on it wherever the tests run.
"""

# ruff: noqa: DTZ001, S311 - London wall clock as the file has it; nothing secret is drawn
import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

HEADER = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
FIRST_DAY = datetime(2010, 12, 1, 8, 0)
DAYS = 373
CUSTOMERS = 90
GOODS = 60
REMARKS = ("?", "lost", "damages", "check", "found", "wet/rusty", "thrown away", "")


class Shop:
    """Writes invoices in the order of their numbers, one line after another."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[tuple[str, ...]] = []
        self.number = 536365
        self.goods = [
            (
                f"{10000 + 37 * number}{self.random.choice(['', 'A', 'b'])}",
                f"THING {number}, RED",
                price,
            )
            for number, price in enumerate(
                f"{self.random.choice([39, 85, 125, 295, 850, 1275]) / 100:.2f}"
                for _ in range(GOODS)
            )
        ]
        self.sold: dict[str, list[tuple[str, str, str, int]]] = {}

    def next_number(self) -> str:
        """The next invoice number; numbers have holes."""
        self.number += self.random.choice([1, 1, 1, 2])
        return str(self.number)

    def write(
        self,
        invoice: str,
        code: str,
        description: str,
        quantity: int,
        moment: datetime,
        price: str,
        customer: str = "",
        country: str = "United Kingdom",
    ) -> None:
        """Write one line."""
        self.lines.append(
            (
                invoice,
                code,
                description,
                str(quantity),
                f"{moment:%Y-%m-%d %H:%M:%S}",
                price,
                customer,
                country,
            )
        )

    def sale(self, moment: datetime, customer: str, country: str) -> None:
        """An ordinary invoice, with what ordinary invoices carry besides goods."""
        invoice = self.next_number()
        for position in range(self.random.randint(1, 5)):
            code, name, price = self.random.choice(self.goods)
            if self.random.random() < 0.1:
                code = code.lower()
            if self.random.random() < 0.02:
                moment = moment + timedelta(minutes=1)
            quantity = self.random.choice([1, 2, 6, 12, 24])
            self.write(invoice, code, name, quantity, moment, price, customer, country)
            if customer:
                self.sold.setdefault(customer, []).append((code, name, price, quantity))
            if self.random.random() < 0.04:
                self.lines.append(self.lines[-1])
            if position == 0 and self.random.random() < 0.03:
                self.write(
                    invoice,
                    *self.random.choice(self.goods)[:2],
                    1,
                    moment,
                    "0.0",
                    customer,
                    country,
                )
        if country not in ("United Kingdom", "Unspecified"):
            self.write(invoice, "POST", "POSTAGE", 1, moment, "18.0", customer, country)
        self.extras(invoice, moment, customer, country)

    def extras(self, invoice: str, moment: datetime, customer: str, country: str) -> None:
        """What is in an invoice besides goods."""
        extra = self.random.random()
        if extra < 0.03:
            self.write(invoice, "M", "Manual", 1, moment, "4.25", customer, country)
        elif extra < 0.05:
            self.write(invoice, "C2", "CARRIAGE", 1, moment, "50.0", customer, country)
        elif extra < 0.06:
            self.write(
                invoice, "PADS", "PADS TO MATCH ALL CUSHIONS", 1, moment, "0.001", customer, country
            )
        elif extra < 0.07:
            self.write(
                invoice, "BANK CHARGES", "Bank Charges", 1, moment, "15.0", customer, country
            )
        if not customer and self.random.random() < 0.5:
            self.write(
                invoice,
                "DOT",
                "DOTCOM POSTAGE",
                1,
                moment,
                f"{self.random.randint(100, 9000) / 100}",
            )
        if not customer and self.random.random() < 0.1:
            self.write(
                invoice, "gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00", 1, moment, "17.02"
            )

    def credit(self, moment: datetime, customer: str, country: str) -> None:
        """Goods given back: all of a line, part of it, several at once, or never sold here."""
        invoice = f"C{self.next_number()}"
        sold = self.sold.get(customer, [])
        for _ in range(self.random.choice([1, 1, 2])):
            if sold and self.random.random() < 0.75:
                code, name, price, quantity = self.random.choice(sold)
                back = quantity if self.random.random() < 0.5 else self.random.randint(1, quantity)
            else:
                code, name, price = self.random.choice(self.goods)
                back = 1
            self.write(invoice, code, name, -back, moment, price, customer, country)

    def oddity(self, moment: datetime) -> None:
        """What is neither a sale nor a return by a customer."""
        kind = self.random.randrange(8)
        code, _, _ = self.random.choice(self.goods)
        remark = self.random.choice(REMARKS)
        if kind <= 2:
            self.write(
                self.next_number(), code, remark, -self.random.randint(1, 200), moment, "0.0"
            )
        elif kind == 3:
            self.write(
                self.next_number(),
                code,
                remark or "found",
                self.random.randint(1, 80),
                moment,
                "0.0",
            )
        elif kind == 4:
            self.write(f"C{self.next_number()}", "AMAZONFEE", "AMAZON FEE", -1, moment, "1350.55")
        elif kind == 5:
            self.write(f"C{self.next_number()}", "S", "SAMPLES", -1, moment, "33.95")
        elif kind == 6:
            self.write(self.next_number(), "AMAZONFEE", "AMAZON FEE", 1, moment, "135.5")
        else:
            self.write(f"C{self.next_number()}", "BANK CHARGES", "Bank Charges", -1, moment, "37.0")


def write_synthetic_lines(path: Path, seed: int = 20101201, lines: int = 1900) -> Path:
    """Write the file.

    Args:
        path: CSV to write, without compression.
        seed: Same seed, same file.
        lines: About as many lines; never above 2,000.

    Returns:
        The path.
    """
    shop = Shop(seed)
    chance = shop.random
    people = [
        (
            str(12346 + number),
            chance.choice(["United Kingdom"] * 8 + ["France", "EIRE", "Unspecified"]),
        )
        for number in range(CUSTOMERS)
    ]
    # a few buy often, most now and then, some once: the real file's people
    weights = [chance.choice([1, 1, 2, 3, 12]) for _ in people]
    moments = sorted(
        FIRST_DAY + timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(600))
        for _ in range(lines)
    )
    for moment in moments:
        if len(shop.lines) >= lines - 40:
            break
        if chance.random() > 0.34:
            continue
        what = chance.random()
        customer, country = chance.choices(people, weights)[0]
        if what < 0.66:
            # number 3 moves house in June: two countries, the later one counts
            if customer == "12349":
                country = "Belgium" if moment < datetime(2011, 6, 1) else "Spain"
            shop.sale(moment, customer, country)
        elif what < 0.76:
            shop.sale(moment, "", "United Kingdom")
        elif what < 0.87:
            shop.credit(moment, customer, country)
        else:
            shop.oddity(moment)
    _write_certain_mess(shop)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(shop.lines)
    return path


def _write_certain_mess(shop: Shop) -> None:
    """What must be in every file whatever the seed: each line here is one kind of mess."""
    last = datetime(2011, 12, 9, 9, 0)

    def minute(number: int) -> datetime:
        return last + timedelta(minutes=number)

    code, name, price = shop.goods[0]
    # bad debt, up once and down twice
    shop.write(f"A{shop.next_number()}", "B", "Adjust bad debt", 1, minute(0), "11062.06")
    shop.write(f"A{shop.next_number()}", "B", "Adjust bad debt", 1, minute(1), "-11062.06")
    shop.write(f"A{shop.next_number()}", "B", "Adjust bad debt", 1, minute(2), "-11062.06")
    # one invoice at two times, its line twice
    invoice = shop.next_number()
    shop.write(invoice, code, name, 6, minute(3), price, "12346")
    shop.write(invoice, code, name, 6, minute(3), price, "12346")
    shop.write(invoice, "85123a", "WHITE HANGING HEART", 6, minute(4), "2.55", "12346")
    # part of it comes back in the very same minute, the code in other letters
    shop.write(
        f"C{shop.next_number()}", "85123A", "WHITE HANGING HEART", -2, minute(3), "2.55", "12346"
    )
    # nothing to pay, to somebody known
    shop.write(shop.next_number(), code, name, 1, minute(5), "0.0", "12347")
    # a return inside an ordinary invoice, without the C
    invoice = shop.next_number()
    shop.write(invoice, code, name, 4, minute(6), price, "12348")
    shop.write(invoice, "99999", "NEVER SOLD BEFORE", -1, minute(6), "3.75", "12348")
    # discount, commission and postage given back to somebody known
    shop.write(f"C{shop.next_number()}", "D", "Discount", -1, minute(7), "27.50", "12348")
    shop.write(f"C{shop.next_number()}", "CRUK", "CRUK Commission", -1, minute(8), "10.94", "12348")
    invoice = shop.next_number()
    shop.write(invoice, "POST", "POSTAGE", 3, minute(9), "18.0", "12349", "Spain")
    shop.write(
        f"C{shop.next_number()}", "POST", "POSTAGE", -1, minute(10), "18.0", "12349", "Spain"
    )
    # a customer who never bought, only returned
    shop.write(f"C{shop.next_number()}", code, name, -1, minute(11), price, "18999")
    # stock written off without a word, and a priceless invoice nobody got
    shop.write(shop.next_number(), code, "", -30, minute(12), "0.0")
    shop.write(shop.next_number(), code, "?", 30, minute(13), "0.0")
