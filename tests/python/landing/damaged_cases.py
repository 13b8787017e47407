"""Damaged deliveries: what lies in the files, what is taken, what a person is told.

The table is tested by test_damaged.py and printed by `python -m tests.python.landing.damaged_cases`
as docs/deliveries.md. Each case is a source of its own, so that all go through one refresh.
"""

import gzip
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.showing import showable

DOCUMENT = Path(__file__).parents[3] / "docs" / "deliveries.md"
Content = bytes | str | Callable[[], bytes]
Counts = tuple[int, int, int, int] | None


@dataclass(frozen=True)
class Case:
    """A damaged delivery.

    Attributes:
        area: Heading it stands under.
        name: What is wrong.
        files: Content by path `<input>/<file>`, delivered in one go.
        counts: For each file, then each later one: rows read, loaded, refused, superseded; None =
            the file cannot be taken at all, which stops the refresh.
        holds: The rows that stand afterwards, `key=shown`, by key.
        told: Part of what a person is told; empty = nothing, because nothing is wrong.
        shows: Column, or SQL, of what `holds` shows of a row.
        mapping: What inputs.yml says about the files.
        elsewhere: What inputs.yml says of other inputs.
        later: Files delivered in a later refresh.
        healed: How many rows of the quarantine are healed afterwards.
        is_stopped: Whether the refresh stops though no file is unreadable.
    """

    area: str
    name: str
    files: Mapping[str, Content]
    counts: tuple[Counts, ...]
    holds: str = ""
    told: str = ""
    shows: str = "gross_amount"
    mapping: Mapping[str, object] = field(default_factory=dict)
    elsewhere: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    later: Mapping[str, Content] = field(default_factory=dict)
    healed: int = 0
    is_stopped: bool = False

    @property
    def stops(self) -> bool:
        """Whether the guards stop the whole refresh, so that nothing is taken."""
        return None in self.counts or "lacks " in self.told or self.is_stopped

    @property
    def slug(self) -> str:
        """The case as folder and source."""
        return "".join(sign if sign.isalnum() else "_" for sign in self.name.lower())

    @property
    def input(self) -> str:
        """The input the case is about."""
        return next(iter(self.files)).split("/")[0]


HEAD = "order_id,ordered_at,status,gross_amount"


def orders(*rows: str, head: str = HEAD, end: str = "\n") -> str:
    """Returns a CSV of orders."""
    return end.join((head, *rows)) + end


def order(number: int | str, amount: str, day: str = "2026-03-01") -> str:
    """Returns a line of a CSV of orders."""
    return f"{number},{day},paid,{amount}"


def cities(*rows: str) -> str:
    """Returns a CSV of customers."""
    return "\n".join(("customer_id,city", *rows)) + "\n"


def lines(*objects: object) -> str:
    """Returns JSON Lines; texts stay as they are."""
    return "".join((o if isinstance(o, str) else json.dumps(o)) + "\n" for o in objects)


def entry(number: object, amount: object, **more: object) -> dict[str, object]:
    """Returns an order as an object."""
    return {"order_id": number, "ordered_at": "2026-03-01", "status": "paid"} | {
        "gross_amount": amount,
        **more,
    }


def parquet(query: str, cut: int | None = None, *, zstd: bool = False) -> Callable[[], bytes]:
    """Returns a maker of a Parquet file of a query, perhaps cut off, or packed tightly."""

    def make() -> bytes:
        with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
            path = Path(folder) / "made.parquet"
            con.execute("set timezone = 'UTC'")
            packed = ", compression zstd" if zstd else ""
            con.execute(f"copy ({query}) to '{path}' (format parquet{packed})")
            return path.read_bytes()[:cut]

    return make


def one(content: Content, ending: str = "csv", table: str = "orders") -> dict[str, Content]:
    """Returns a delivery of one file."""
    return {f"{table}/a.{ending}": content}


def _cases() -> list[Case]:
    many = orders(*(order(number, "3.5") for number in range(1, 400))).encode()
    typed = "1::bigint as order_id, 'paid' as status"
    out: list[Case] = []

    def add(area: str, name: str, files: Mapping[str, Content], *counts: Counts, **more) -> None:
        out.append(Case(area, name, files, counts, **more))

    area = "Half a file"
    add(
        area,
        "last line cut within its fields",
        one((orders(order(1, "11")) + "2,2026-0").encode()),
        (2, 1, 1, 0),
        holds="1=11",
        told="fewer fields than the header",
    )
    add(
        area,
        "last line without line end",
        one(orders(order(1, "12"))[:-1]),
        (1, 1, 0, 0),
        holds="1=12",
        told="the last line has no line end; if the file may be cut off",
    )
    add(area, "empty file", one(""), None, told="is empty: it has not even a header")
    add(area, "only blank lines", one("\n\n \n"), None, told="is empty: it has not even a header")
    add(area, "only a header", one(HEAD + "\n"), (0, 0, 0, 0))
    add(
        area,
        "gzip cut off",
        one(gzip.compress(many, mtime=0)[:-40], "csv.gz"),
        None,
        told="is damaged: it cannot be unpacked",
    )
    add(
        area,
        "gzip with damaged bytes",
        one(
            gzip.compress(many, mtime=0)[:60] + b"\xff" * 40 + gzip.compress(many, mtime=0)[100:],
            "csv.gz",
        ),
        None,
        told="is damaged: it cannot be unpacked",
    )
    add(
        area,
        "gzip under the name .csv",
        one(gzip.compress(orders(order(1, "13")).encode())),
        (1, 1, 0, 0),
        holds="1=13",
    )
    add(
        area,
        "text under the name .csv.gz",
        one(orders(order(1, "14")), "csv.gz"),
        (1, 1, 0, 0),
        holds="1=14",
    )
    add(
        area,
        "Parquet that is garbage",
        one(b"PAR1" + b"\x07garbage" * 9 + b"PAR1", "parquet"),
        None,
        told="is no sound Parquet file",
    )
    add(
        area,
        "Parquet cut off",
        one(parquet(f"select {typed}, 1 as gross_amount", -9), "parquet"),
        None,
        told="is no sound Parquet file",
    )
    add(
        area,
        "text under the name .parquet",
        one(orders(order(1, "15")), "parquet"),
        None,
        told="is no sound Parquet file",
    )
    add(
        area,
        "Parquet under the name .csv",
        one(parquet(f"select {typed}, date '2026-03-01' as ordered_at, 16 as gross_amount")),
        (1, 1, 0, 0),
        holds="1=16",
    )
    add(
        area,
        "a workbook of a spreadsheet",
        one(b"PK\x03\x04\x14\0\x06\0" + b"\x9f\0\x8d" * 99),
        None,
        told="is an archive or a workbook",
    )

    area = "Encodings"
    for name, mark, codec in (
        ("UTF-8 with byte order mark", b"\xef\xbb\xbf", "utf-8"),
        ("UTF-16 LE with mark", b"\xff\xfe", "utf-16-le"),
        ("UTF-16 BE with mark", b"\xfe\xff", "utf-16-be"),
        ("UTF-32 LE with mark", b"\xff\xfe\0\0", "utf-32-le"),
        ("UTF-32 BE with mark", b"\0\0\xfe\xff", "utf-32-be"),
        ("UTF-16 LE without mark", b"", "utf-16-le"),
        ("UTF-16 BE without mark", b"", "utf-16-be"),
        ("Windows-1252", b"", "cp1252"),
    ):
        add(
            area,
            name,
            one(mark + cities("1,Köln", "2,Málaga").encode(codec), table="customers"),
            (2, 2, 0, 0),
            holds="1=Köln, 2=Málaga",
            shows="city",
        )
    add(
        area,
        "Windows-1251",
        one(cities("1,Москва", "2,Тула").encode("cp1251"), table="customers"),
        (2, 2, 0, 0),
        holds="1=Москва, 2=Тула",
        shows="city",
    )
    add(
        area,
        "Windows-1250, stated",
        one(cities("1,Łódź").encode("cp1250"), table="customers"),
        (1, 1, 0, 0),
        holds="1=Łódź",
        shows="city",
        mapping={"encoding": "windows-1250"},
    )
    add(
        area,
        "UTF-8 with one line of Windows-1252",
        one(
            cities("1,Kölnö", "2,Málaga").encode() + "3,Düren\n".encode("cp1252"), table="customers"
        ),
        (3, 2, 1, 0),
        holds="1=Kölnö, 2=Málaga",
        shows="city",
        told="bytes that are no text in the encoding",
    )
    add(
        area,
        "UTF-8 stated, Windows-1252 delivered",
        one(cities("1,Ulm", "2,Düren").encode("cp1252"), table="customers"),
        (2, 1, 1, 0),
        holds="1=Ulm",
        shows="city",
        mapping={"encoding": "utf-8"},
        told="bytes that are no text in the encoding",
    )
    add(
        area,
        "UTF-16 cut within a letter",
        one(b"\xff\xfe" + cities("1,Ulm", "2,Bonn").encode("utf-16-le")[:-3], table="customers"),
        (2, 1, 1, 0),
        holds="1=Ulm",
        shows="city",
        told="bytes that are no text",
    )
    add(
        area,
        "zero bytes within values",
        one(orders("1\0,2026-03-01,paid,\x0017")),
        (1, 1, 0, 0),
        holds="1=17",
    )
    add(
        area,
        "mark in front of a quoted header",
        one(
            b"\xef\xbb\xbf" + b'"order_id","ordered_at","status","gross_amount"\n"1","2026-03-01",'
            b'"paid","18"\n'
        ),
        (1, 1, 0, 0),
        holds="1=18",
    )

    area = "Lines and quotes"
    add(
        area,
        "CR LF",
        one(orders(order(1, "21"), order(2, "22"), end="\r\n")),
        (2, 2, 0, 0),
        holds="1=21, 2=22",
    )
    add(
        area,
        "CR alone",
        one(orders(order(1, "23"), order(2, "24"), end="\r")),
        (2, 2, 0, 0),
        holds="1=23, 2=24",
    )
    add(
        area,
        "CR LF and LF mixed",
        one(f"{HEAD}\r\n{order(1, '25')}\n{order(2, '26')}\r\n"),
        (2, 2, 0, 0),
        holds="1=25, 2=26",
    )
    add(
        area,
        "blank lines between, lines of delimiters alone",
        one(orders(order(1, "27"), "", ",,,", "", order(2, "28"))),
        (2, 2, 0, 0),
        holds="1=27, 2=28",
    )
    add(
        area,
        "short and long lines",
        one(orders(order(1, "29"), "2,2026-03-01", order(3, "30,x,y"), order(4, "31"))),
        (4, 2, 2, 0),
        holds="1=29, 4=31",
        told="more fields than the header",
    )
    add(
        area,
        "delimiter behind every line",
        one(orders(order(1, "32,"), order(2, "33,"), head=HEAD + ",")),
        (2, 2, 0, 0),
        holds="1=32, 2=33",
    )
    add(
        area,
        "delimiter behind data lines only",
        one(orders(order(1, "34,"), order(2, "35,"))),
        (2, 2, 0, 0),
        holds="1=34, 2=35",
    )
    add(
        area,
        "line feed in a quoted value",
        one(orders('1,2026-03-01,paid,36,"a\nb"', order(2, "37,c"), head=HEAD + ",sales_channel")),
        (2, 2, 0, 0),
        holds="1=36 line 2, 2=37 line 4",
        shows="gross_amount::double::int || ' line ' || _line",
    )
    add(
        area,
        "quote never closed",
        one(
            orders(
                '1,2026-03-01,paid,38,"a',
                order(2, "39,b"),
                order(3, "40,c"),
                head=HEAD + ",sales_channel",
            )
        ),
        (3, 2, 1, 0),
        holds="2=39, 3=40",
        told="a quote that is not closed",
    )
    add(
        area,
        "quote within a value",
        one(orders('1,2026-03-01,paid,41,5" pipe', order(2, "42,b"), head=HEAD + ",sales_channel")),
        (2, 2, 0, 0),
        holds='1=5" pipe, 2=b',
        shows="sales_channel",
    )
    add(
        area,
        "text behind a closing quote",
        one(orders('1,2026-03-01,paid,43,"a"b', order(2, "44,b"), head=HEAD + ",sales_channel")),
        (2, 1, 1, 0),
        holds="2=44",
        told="a quote that is not closed",
    )
    add(
        area,
        "doubled quotes",
        one(orders('1,2026-03-01,paid,45,"the ""shop"""', head=HEAD + ",sales_channel")),
        (1, 1, 0, 0),
        holds='1=the "shop"',
        shows="sales_channel",
    )
    add(
        area,
        "header bare, data quoted",
        one(orders('"1","2026-03-01","paid","46"')),
        (1, 1, 0, 0),
        holds="1=46",
    )
    add(
        area,
        "delimiter within quotes",
        one(orders('1,2026-03-01,paid,47,"web, app"', head=HEAD + ",sales_channel")),
        (1, 1, 0, 0),
        holds="1=web, app",
        shows="sales_channel",
    )
    add(
        area,
        "comment lines at the top",
        one("# export of shop\n" + orders(order(1, "48"))),
        None,
        told="is the header the first line",
    )
    add(
        area,
        "comment line among the data",
        one(orders(order(1, "49"), "# page 2", order(2, "50"))),
        (3, 2, 1, 0),
        holds="1=49, 2=50",
        told="fewer fields than the header",
    )
    add(
        area,
        "line of totals at the end",
        one(orders(order(1, "51"), "Total,,,51")),
        (2, 1, 1, 0),
        holds="1=51",
        told="orders.ordered_at.required",
    )
    add(
        area,
        "header again among the data",
        one(orders(order(1, "52"), HEAD, order(2, "53"))),
        (3, 2, 1, 0),
        holds="1=52, 2=53",
        told="gross_amount.type: gross_amount",
    )
    add(
        area,
        "line of 5 MB",
        one(
            orders(
                order(1, "54,a"),
                order(2, "55," + "x" * 5_000_000),
                order(3, "56,b"),
                head=HEAD + ",sales_channel",
            )
        ),
        (3, 2, 1, 0),
        holds="1=54, 3=56",
        told="is longer than a line may be",
    )
    for name, sign in (("tabs", "\t"), ("semicolons", ";"), ("pipes", "|")):
        add(
            area,
            f"delimited by {name}, commas in values",
            one(
                orders(order(1, "57.5,a,b,c"), head=HEAD + ",sales_channel")
                .replace(",", sign, 4)
                .replace("paid,57.5,", f"paid{sign}57.5{sign}")
                .replace("1,2026-03-01,", f"1{sign}2026-03-01{sign}")
            ),
            (1, 1, 0, 0),
            holds="1=a,b,c",
            shows="sales_channel",
        )
    add(
        area,
        "a first line that states the delimiter",
        one("sep=;\n" + orders(order(1, "58")).replace(",", ";")),
        (1, 1, 0, 0),
        holds="1=58",
    )
    add(
        area,
        "delimiter stated wrongly",
        one(orders(order(1, "59"))),
        None,
        told="Is the delimiter right",
        mapping={"delimiter": ";"},
    )

    area = "Columns"
    add(
        area,
        "columns in another order",
        one("gross_amount,status,ordered_at,order_id\n61,paid,2026-03-01,1\n"),
        (1, 1, 0, 0),
        holds="1=61",
    )
    add(
        area,
        "headers of two columns swapped",
        one("order_id,status,ordered_at,gross_amount\n1,2026-03-01,paid,62\n"),
        (1, 0, 1, 0),
        told="orders.ordered_at.type: paid",
    )
    add(
        area,
        "header twice",
        one(orders(order(1, "63,64"), head=HEAD + ",gross_amount")),
        None,
        told="names a column more than once in its header: gross_amount",
    )
    add(
        area,
        "header twice in other case",
        one(orders(order(1, "65,66"), head=HEAD + ",STATUS")),
        None,
        told="names a column more than once in its header: STATUS, status",
    )
    add(
        area,
        "header in capitals and with blanks",
        one(orders(order(1, "67"), head="Order ID, Ordered-At ,STATUS,Gross Amount")),
        (1, 1, 0, 0),
        holds="1=67",
    )
    add(
        area,
        "key column named otherwise",
        one(orders(order(1, "68"), head=HEAD.replace("order_id", "No"))),
        (1, 0, 1, 0),
        told="lacks order_id",
    )
    add(
        area,
        "columns named otherwise, mapped",
        one(orders(order(1, "69"), head=HEAD.replace("order_id", "No"))),
        (1, 1, 0, 0),
        holds="1=69",
        mapping={"columns": {"order_id": "No"}},
    )
    add(
        area,
        "mapped column that is not there",
        one(orders(order(1, "70"))),
        (1, 0, 1, 0),
        told="has no column 'No', which inputs.yml gives for order_id",
        is_stopped=True,
        mapping={"columns": {"order_id": "No"}},
    )
    add(
        area,
        "required column missing",
        one("order_id,ordered_at,status\n1,2026-03-01,paid\n"),
        (1, 0, 1, 0),
        told="lacks gross_amount",
    )
    add(
        area,
        "unknown column",
        one(orders(order(1, "71,x"), head=HEAD + ",colour")),
        (1, 1, 0, 0),
        holds="1=71",
        told="unknown columns kept out: colour",
    )
    add(
        area,
        "column without a name",
        one(orders(order(1, "72,x"), head=HEAD + ",")),
        (1, 0, 1, 0),
        told="more fields than the header",
    )
    add(
        area,
        "no header at all",
        one(order(1, "73") + "\n" + order(2, "74") + "\n"),
        None,
        told="is the header the first line",
    )

    area = "Numbers and words"
    plain = "order_id;ordered_at;status;gross_amount\n"
    for name, text, holds in (
        ("decimal commas", "1;2026-03-01;paid;7,50\n", "1=7.5"),
        ("decimal commas, points for thousands", "1;2026-03-01;paid;1.234,50\n", "1=1234.5"),
        ("decimal commas, blanks for thousands", "1;2026-03-01;paid;1 234,50\n", "1=1234.5"),
        (
            "decimal commas, hard blanks for thousands",
            "1;2026-03-01;paid;1\u00a0234,50\n",
            "1=1234.5",
        ),
        ("apostrophes for thousands", "1;2026-03-01;paid;1'234.50\n", "1=1234.5"),
        ("decimal points, commas for thousands", "1;2026-03-01;paid;1,234.50\n", "1=1234.5"),
        ("scientific notation", "1;2026-03-01;paid;1.5e2\n", "1=150"),
        ("blanks around a number", "1;2026-03-01;paid;  81.00  \n", "1=81"),
        ("plus sign and zeros in front", "1;2026-03-01;paid;+0082.10\n", "1=82.1"),
    ):
        add(area, name, one(plain + text), (1, 1, 0, 0), holds=holds)
    add(
        area,
        "decimal points and commas in one file",
        one(plain + "1;2026-03-01;paid;7.55\n2;2026-03-01;paid;8.25\n3;2026-03-01;paid;9,75\n"),
        (3, 2, 1, 0),
        holds="1=7.55, 2=8.25",
        told="orders.gross_amount.type: 9,75",
    )
    add(
        area,
        "a comma that may be either sign",
        one(plain + "1;2026-03-01;paid;1,234\n"),
        (1, 0, 1, 0),
        told="orders.gross_amount.type: 1,234",
    )
    add(
        area,
        "the same, stated",
        one(plain + "1;2026-03-01;paid;1,235\n"),
        (1, 1, 0, 0),
        holds="1=1235",
        mapping={"thousands": ","},
    )
    loyalty = "event_id;customer_id;occurred_at;action;points\n"
    for name, text, holds, mapping in (
        ("a point that may be either sign, in a whole number", "1.000", "", {}),
        ("the same, stated as thousands", "2.000", "1=2000", {"decimal": ",", "thousands": "."}),
        ("the same, stated as decimals", "3.000", "1=3", {"decimal": "."}),
    ):
        add(
            area,
            name,
            {"loyalty_events/a.csv": f"{loyalty}1;c;2026-03-01;purchase;{text}\n"},
            (1, 1, 0, 0) if holds else (1, 0, 1, 0),
            holds=holds,
            shows="points",
            told="" if holds else "loyalty_events.points.type: 1.000",
            mapping=mapping,
        )
    for name, text, holds, mapping in (
        ("currency sign, stated", "1.234,50 €", "1=7.5, 2=1234.5", {"currency": "EUR"}),
        ("dollar sign in front, stated", "$1,234.50", "1=7.5, 2=1234.5", {"currency": "USD"}),
        ("currency code in front, stated", "EUR 12.00", "1=7.5, 2=12", {"currency": "EUR"}),
        ("currency code behind, in small letters", "12.00eur", "1=7.5, 2=12", {"currency": "eur"}),
        ("minus before the sign", "-€5.00", "1=7.5", {"currency": "EUR"}),
    ):
        first = "7,50" if "," in text[-5:] else "7.50"
        is_refused = text.startswith("-")
        add(
            area,
            name,
            one(plain + f"1;2026-03-01;paid;{first}\n2;2026-03-01;paid;{text}\n"),
            (2, 1, 1, 0) if is_refused else (2, 2, 0, 0),
            holds=holds,
            told="orders.gross_amount.minimum" if is_refused else "",
            mapping={"constants": mapping},
        )
    add(
        area,
        "currency signs that agree with column currency, and that do not",
        one(
            "order_id;ordered_at;status;gross_amount;currency\n1;2026-03-01;paid;10,00 €;EUR\n"
            "2;2026-03-01;paid;£ 11,00;GBP\n3;2026-03-01;paid;$ 12,00;EUR\n"
            "4;2026-03-01;paid;13,00 €;\n5;2026-03-01;paid;EUR 14,00 €;EUR\n"
        ),
        (5, 2, 3, 0),
        holds="1=10, 2=11",
        told="orders.gross_amount.type: $ 12,00",
    )
    add(
        area,
        "currency sign where the input has no currency",
        {"order_items/a.csv": "order_item_id;order_id;quantity;unit_price\n1;1;2;€ 5,00\n"},
        (1, 0, 1, 0),
        shows="unit_price",
        told="order_items.unit_price.type: € 5,00",
        mapping={"delimiter": ";"},
    )
    for name, text in (
        ("currency sign", "€ 12.40"),
        ("currency code behind", "12.40 EUR"),
        ("percent sign", "12%"),
        ("infinity", "inf"),
        ("hexadecimal", "0x1F"),
        ("more digits than money has", "1" + "0" * 20),
        ("negative amount", "-5.00"),
        ("brackets for negative", "(5.00)"),
        ("word for a number", "twelve"),
        ("spreadsheet error", "#VALUE!"),
        ("formula", "=1+1"),
    ):
        rule = "minimum" if name == "negative amount" else "type"
        add(
            area,
            name,
            one(orders(order(1, "83.5"), order(2, text))),
            (2, 1, 1, 0),
            holds="1=83.5",
            told=f"orders.gross_amount.{rule}: {text}",
        )
    add(
        area, "NaN", one(orders(order(1, "NaN"))), (1, 0, 1, 0), told="orders.gross_amount.required"
    )
    add(
        area,
        "words for absent",
        one(
            orders(
                *(order(n, f"84,{w}") for n, w in enumerate(("NULL", "\\N", "N/A", '""', "null"))),
                head=HEAD + ",sales_channel",
            )
        ),
        (5, 5, 0, 0),
        holds="0=None, 1=None, 2=N/A, 3=None, 4=None",
        shows="sales_channel",
    )
    add(
        area,
        "other words for absent, stated",
        one(orders(order(1, "85,-"), head=HEAD + ",sales_channel")),
        (1, 1, 0, 0),
        holds="1=None",
        shows="sales_channel",
        mapping={"null_texts": ["-"]},
    )
    add(
        area,
        "booleans in words",
        one(
            orders(
                *(order(n, f"86,{w}") for n, w in enumerate(("Yes", "no", "T", "0", "oui"))),
                head=HEAD + ",is_test",
            )
        ),
        (5, 4, 1, 0),
        holds="0=True, 1=False, 2=True, 3=False",
        shows="is_test",
        told="orders.is_test.type: oui",
    )
    add(
        area,
        "unknown status",
        one(orders("1,2026-03-01,PAID,87", "2,2026-03-01,bezahlt,88")),
        (2, 1, 1, 0),
        holds="1=paid",
        shows="status",
        told="orders.status.accepted_values: bezahlt",
    )
    add(
        area,
        "every row refused",
        one(orders(order(1, "a"), order(2, "b"))),
        (2, 0, 2, 0),
        told="orders.gross_amount.type: a",
    )

    area = "Dates and clocks"
    for name, text in (
        ("day that does not exist", "2026-02-30"),
        ("month first or day first", "03/04/2026"),
        ("year of two digits", "26-03-01"),
        ("hour 25", "2026-03-01T25:00:00"),
        ("serial number of a spreadsheet", "46082"),
    ):
        add(
            area,
            name,
            one(orders(order(1, "91", text))),
            (1, 0, 1, 0),
            told=f"orders.ordered_at.type: {text}",
        )
    add(
        area,
        "day first, stated",
        one(orders(order(1, "92", "03.04.2026"))),
        (1, 1, 0, 0),
        holds="1=2026-04-02 22:00:00",
        shows="ordered_at",
        mapping={"date_formats": ["%d.%m.%Y"]},
    )
    add(
        area,
        "epochs, one of them a date in digits",
        one(orders(order(1, "165", "1772366400"), order(2, "166", "20260301120000"))),
        (2, 1, 1, 0),
        holds="1=2026-03-01 12:00:00",
        shows="ordered_at",
        told="orders.ordered_at.type: 20260301120000",
        mapping={"date_formats": ["epoch_seconds"]},
    )
    add(
        area,
        "years of two digits where four are stated",
        {
            "payments/a.csv": "payment_id,customer_id,amount,status,due_at\n"
            "1,c,5,failed,01.03.2025\n2,c,6,failed,01.03.25\n"
        },
        (2, 1, 1, 0),
        holds="1=2025-02-28 23:00:00",
        shows="due_at",
        told="payments.due_at.type: 01.03.25",
        mapping={"date_formats": ["%d.%m.%Y"]},
    )
    add(
        area,
        "days of a zone east of the business",
        {"product_usage/a.csv": "customer_id,used_on\nc,03/01/2026\nd,2026-03-01\n"},
        (2, 2, 0, 0),
        holds="c=2026-03-01, d=2026-03-01",
        shows="used_on",
        mapping={"date_formats": ["%m/%d/%Y"], "time_zone": "Asia/Tokyo"},
    )
    add(
        area,
        "before 1970",
        one(orders(order(1, "93", "1969-12-30"))),
        (1, 0, 1, 0),
        told="orders.ordered_at",
    )
    add(
        area,
        "clock that runs ahead",
        one(orders(order(1, "94", "2026-11-22T10:00:00Z"), order(2, "95", "2026-11-23T18:00:00Z"))),
        (2, 1, 1, 0),
        holds="1=94",
        told="orders.ordered_at",
    )
    add(
        area,
        "year 9999",
        one(orders(order(1, "96", "9999-12-31"))),
        (1, 0, 1, 0),
        told="orders.ordered_at",
    )
    add(
        area,
        "local time the clock skips",
        one(orders(order(1, "97", "2026-03-29T02:30:00"))),
        (1, 1, 0, 0),
        holds="1=2026-03-29 01:30:00",
        shows="ordered_at",
    )
    add(
        area,
        "local time the clock shows twice",
        one(orders(order(1, "98", "2026-10-25T02:30:00"))),
        (1, 1, 0, 0),
        holds="1=2026-10-25 01:30:00",
        shows="ordered_at",
    )
    add(
        area,
        "the same with offsets",
        one(
            orders(
                order(1, "99", "2026-10-25T02:30:00+02:00"),
                order(2, "99", "2026-10-25T02:30:00+01:00"),
            )
        ),
        (2, 2, 0, 0),
        holds="1=2026-10-25 00:30:00, 2=2026-10-25 01:30:00",
        shows="ordered_at",
    )

    area = "JSON Lines"
    add(
        area,
        "broken line",
        one(lines(entry("1", 101), '{"order_id": "2", "gro'), "jsonl"),
        (2, 1, 1, 0),
        holds="1=101",
        told="the line is no JSON object",
    )
    long_line = json.dumps(entry("2", 116, sales_channel="x" * 16_000_000))
    add(
        area,
        "line of 16 MB, and one of wrong bytes behind it",
        one(
            lines(entry("1", 116), long_line).encode()
            + b'{"order_id": "\xff"}\n'
            + lines(entry("4", 117)).encode(),
            "jsonl",
        ),
        (4, 2, 2, 0),
        holds="1=116 line 1, 4=117 line 4",
        shows="gross_amount::double::int || ' line ' || _line",
        told="is longer than a line may be",
    )
    add(
        area,
        "one array",
        one(json.dumps([entry("1", 102)]), "jsonl"),
        None,
        told="is one JSON array",
    )
    add(
        area,
        "lines that are no object",
        one(lines(entry("1", 103), '"x"', "5", "null", "[1]"), "jsonl"),
        (5, 1, 4, 0),
        holds="1=103",
        told="the line is no JSON object",
    )
    add(
        area,
        "one object over several lines",
        one(json.dumps(entry("1", 104), indent=1), "jsonl"),
        (6, 0, 6, 0),
        told="the line is no JSON object",
    )
    add(
        area,
        "numbers and booleans",
        one(lines(entry(1, 105.25, is_test=False), entry(2, "106.5", is_test=True)), "jsonl"),
        (2, 2, 0, 0),
        holds="1=105.25 False, 2=106.5 True",
        shows="(gross_amount::double) || ' ' || upper(left(is_test::varchar, 1))"
        " || substr(is_test::varchar, 2)",
    )
    add(
        area,
        "numbers longer than a double",
        one(
            lines(
                '{"order_id": 12345678901234567890, "ordered_at": "2026-03-01", "status": "paid",'
                ' "gross_amount": 107}'
            ),
            "jsonl",
        ),
        (1, 1, 0, 0),
        holds="12345678901234567890=107",
    )
    add(
        area,
        "nested values, mapped",
        one(lines(entry("1", {"value": "108.5"})), "jsonl"),
        (1, 1, 0, 0),
        holds="1=108.5",
        mapping={"columns": {"gross_amount": "gross_amount.value"}},
    )
    add(
        area,
        "nested values, not mapped",
        one(lines(entry("1", {"value": 109})), "jsonl"),
        (1, 0, 1, 0),
        told='orders.gross_amount.type: {"value":109}',
    )
    add(
        area,
        "a key twice in one object",
        one(
            lines(
                entry("1", 110),
                '{"order_id": "2", "ordered_at": "2026-03-01", "status": "paid",'
                ' "gross_amount": 111, "gross_amount": 999}',
            ),
            "jsonl",
        ),
        (2, 1, 1, 0),
        holds="1=110",
        told="the line names a value more than once",
    )
    add(
        area,
        "a key twice in other case",
        one(lines(entry("1", 112), entry("2", 113, GROSS_AMOUNT=998)), "jsonl"),
        (2, 1, 1, 0),
        holds="1=112",
        told="the line names a value more than once",
    )
    add(
        area,
        "keys that differ from line to line",
        one(lines(entry("1", 114), entry("2", 115, currency="EUR")), "jsonl"),
        (2, 2, 0, 0),
        holds="1=None, 2=EUR",
        shows="currency",
    )
    add(
        area,
        "null and empty text",
        one(lines(entry("1", None), entry("2", "")), "jsonl"),
        (2, 0, 2, 0),
        told="orders.gross_amount.required",
    )

    area = "Parquet"
    add(
        area,
        "columns that drift between files",
        {
            "orders/a.parquet": parquet(
                "select 1::bigint as order_id, date '2026-03-01' as ordered_at"
                ", 'paid' as status, 121.5::double as gross_amount"
            ),
            "orders/b.parquet": parquet(
                "select 122::decimal(9,2) as gross_amount, 'A2' as order_id,"
                " 'EUR' as currency, timestamp '2026-03-02 10:00' as"
                " ordered_at, 'paid' as status"
            ),
        },
        (1, 1, 0, 0),
        (1, 1, 0, 0),
        holds="1=121.5, A2=122",
    )
    add(
        area,
        "instants with a zone",
        one(
            parquet(
                f"select {typed}, timestamptz '2026-03-01 12:00:00+02' as ordered_at,"
                " 123 as gross_amount"
            ),
            "parquet",
        ),
        (1, 1, 0, 0),
        holds="1=2026-03-01 10:00:00",
        shows="ordered_at",
    )
    add(
        area,
        "instants without a zone are local",
        one(
            parquet(
                f"select {typed}, timestamp '2026-03-01 12:00:00' as ordered_at,"
                " 124 as gross_amount"
            ),
            "parquet",
        ),
        (1, 1, 0, 0),
        holds="1=2026-03-01 11:00:00",
        shows="ordered_at",
    )
    add(
        area,
        "instants in nanoseconds",
        one(
            parquet(
                f"select {typed}, timestamp_ns '2026-03-01 12:00:00.123456789' as ordered_at,"
                " 125 as gross_amount"
            ),
            "parquet",
        ),
        (1, 1, 0, 0),
        holds="1=2026-03-01 11:00:00.123456",
        shows="ordered_at",
    )
    add(
        area,
        "doubles without an exact value, NaN and infinity",
        one(
            parquet("""select i::varchar as order_id, 'paid' as status,
            date '2026-03-01' as ordered_at, v as gross_amount
            from (values (1, 0.1::double + 0.2), (2, 'nan'::double), (3, 'inf'::double)) as t(i, v)
            """),
            "parquet",
        ),
        (3, 1, 2, 0),
        holds="1=0.3",
        told="orders.gross_amount.type: inf",
    )
    add(
        area,
        "whole numbers as doubles for keys",
        one(
            parquet(
                "select 1.0::double as order_id, 'paid' as status,"
                " date '2026-03-01' as ordered_at, 126 as gross_amount"
            ),
            "parquet",
        ),
        (1, 1, 0, 0),
        holds="1=126",
    )
    add(
        area,
        "whole numbers with three decimals",
        {
            "loyalty_events/a.parquet": parquet(
                "select 1 as event_id, 'c' as customer_id, date '2026-03-01' as occurred_at,"
                " 'purchase' as action, 5::decimal(9,3) as points"
            )
        },
        (1, 1, 0, 0),
        holds="1=5",
        shows="points",
    )
    add(
        area,
        "nested column",
        one(
            parquet(
                f"select {typed}, date '2026-03-01' as ordered_at, {{'value': 127}} as gross_amount"
            ),
            "parquet",
        ),
        (1, 0, 1, 0),
        told="orders.gross_amount.type: {'value': 127}",
    )
    add(
        area,
        "no rows",
        one(
            parquet(
                f"select {typed}, date '2026-03-01' as ordered_at, 128 as gross_amount where false"
            ),
            "parquet",
        ),
        (0, 0, 0, 0),
    )

    area = "Keys and versions"
    twin = orders(order(1, "131"), order(2, "132"))
    add(
        area,
        "same file under two names",
        {"orders/a.csv": twin, "orders/b.csv": twin},
        (2, 2, 0, 0),
        holds="1=131, 2=132",
    )
    add(
        area,
        "same file again later",
        one(orders(order(1, "133"))),
        (1, 1, 0, 0),
        holds="1=133",
        later={"orders/b.csv": orders(order(1, "133"))},
    )
    add(
        area,
        "same rows in another file",
        {
            "orders/a.csv": orders(order(1, "134")),
            "orders/b.csv": orders(order(1, "134"), end="\r\n"),
        },
        (1, 0, 0, 1),
        (1, 1, 0, 0),
        holds="1=134",
    )
    add(
        area,
        "same rows in another file, later",
        one(orders(order(1, "135"))),
        (1, 1, 0, 0),
        (1, 0, 0, 1),
        holds="1=135",
        later={"orders/b.csv": orders(order(1, "135"), end="\r\n")},
    )
    add(
        area,
        "a correction whose file name sorts before the original's",
        {
            "orders/a-corrected.csv": orders(order(1, "136")),
            "orders/b.csv": orders(order(1, "137")),
        },
        (1, 0, 0, 1),
        (1, 1, 0, 0),
        holds="1=137",
    )
    add(
        area,
        "a correction delivered later, whatever its name",
        {"orders/b.csv": orders(order(1, "138"))},
        (1, 0, 0, 1),
        (1, 1, 0, 0),
        holds="1=139",
        later={"orders/a.csv": orders(order(1, "139"))},
    )
    add(
        area,
        "a key twice in one file",
        one(orders(order(1, "140"), order(1, "141"))),
        (2, 1, 0, 1),
        holds="1=141",
    )
    add(
        area,
        "a refused row corrected later",
        one(orders(order(1, "142"), order(2, "x"))),
        (2, 1, 1, 0),
        (1, 1, 0, 0),
        holds="1=142, 2=143",
        told="orders.gross_amount.type: x",
        later={"orders/b.csv": orders(order(2, "143"))},
        healed=1,
    )
    add(
        area,
        "a broken line corrected in its file",
        one(orders(order(1, "144"), "2,2026-03-01")),
        (2, 0, 1, 1),
        (2, 2, 0, 0),
        holds="1=145, 2=146",
        told="fewer fields",
        later={"orders/a.csv": orders(order(1, "145"), order(2, "146"))},
        healed=1,
    )
    add(
        area,
        "a refused correction leaves what stood",
        one(orders(order(1, "147"))),
        (1, 1, 0, 0),
        (1, 0, 1, 0),
        holds="1=147",
        told="orders.gross_amount.type: y",
        later={"orders/b.csv": orders(order(1, "y"))},
    )
    add(
        area,
        "keys that differ in case",
        one(orders(order("ab", "148"), order("AB", "149"))),
        (2, 2, 0, 0),
        holds="AB=149, ab=148",
    )
    add(
        area,
        "keys with zeros in front",
        one(orders(order("007", "150"), order("7", "151"))),
        (2, 2, 0, 0),
        holds="007=150, 7=151",
    )
    add(
        area,
        "keys with blanks around",
        one(orders(order(" 1 ", "152"), order("1\u00a0", "153"))),
        (2, 1, 0, 1),
        holds="1=153",
    )
    add(
        area,
        "empty key",
        one(orders(order("", "154"), order(2, "155"))),
        (2, 1, 1, 0),
        holds="2=155",
        told="orders.order_id.required",
    )
    add(
        area,
        "marked as deleted, in words",
        one(
            orders(
                *(order(n, f"156,{w}") for n, w in enumerate(("", "0", "no", "yes", "D"))),
                head=HEAD + ",_deleted",
            )
        ),
        (5, 5, 0, 0),
        holds="0=False, 1=False, 2=False, 3=True, 4=True",
        shows="_is_deleted",
    )
    for name, mapping in (
        ("marked as deleted, in another language", {}),
        ("the same, with its words stated", {"values": {"_deleted": {"Nein": "no"}}}),
    ):
        add(
            area,
            name,
            one(orders(order(1, "167,Nein"), order(2, "167,ja"), head=HEAD + ",_deleted")),
            (2, 2, 0, 0) if mapping else None,
            holds="1=False, 2=True" if mapping else "",
            told="" if mapping else "`orders: {values: {_deleted: {'Nein': 'false'}}}`",
            shows="_is_deleted",
            mapping=mapping,
        )
    add(
        area,
        "deleted later, with the key alone",
        one(orders(order(1, "157"), order(2, "158"))),
        (2, 1, 0, 1),
        (1, 1, 0, 0),
        holds="1=False, 2=True",
        shows="_is_deleted",
        later={"orders/b.csv": "order_id,_deleted\n2,true\n"},
    )
    add(
        area,
        "deleted, then delivered anew",
        one("order_id,_deleted\n1,1\n"),
        (1, 0, 0, 1),
        (1, 1, 0, 0),
        holds="1=159",
        later={"orders/b.csv": orders(order(1, "159"))},
    )
    add(
        area,
        "an order without items where items are delivered",
        {
            "orders/a.csv": orders(order(1, "160"), order(2, "161")),
            "order_items/a.csv": "order_item_id,order_id,quantity,unit_price\n1,1,1,160\n",
        },
        (2, 1, 1, 0),
        (1, 1, 0, 0),
        holds="1=160",
        told="order_items.missing: 2",
    )
    stretch = "subscription_id,starts_at,customer_id,plan_id,status,unit_amount,billing_interval"
    add(
        area,
        "a subscription that ends before it starts, or at once (E12)",
        {
            "subscription_periods/a.csv": stretch + ",ends_at\n"
            "1,2026-03-01,c,p,active,9,month,2026-02-01\n"
            "2,2026-03-01,c,p,active,9,month,2026-03-01\n"
            "3,2026-03-01,c,p,active,9,month,2026-03-02\n"
        },
        (3, 1, 2, 0),
        holds="3=9",
        shows="unit_amount",
        told="subscription_periods.ends_at.after",
    )
    add(
        area,
        "a subscription that is told of long after its start (E11)",
        {"subscription_periods/a.csv": stretch + "\n1,2019-03-01,c,p,active,9,month\n"},
        (1, 1, 0, 0),
        holds="1=2019-02-28 23:00:00",
        shows="starts_at",
    )
    add(
        area,
        "ids that lost the zeros in front",
        {"customers/a.csv": cities("007,Bonn", "012,Ulm", "113,Jena")},
        (3, 3, 0, 0),
        (4, 4, 0, 0),
        holds="007=Bonn, 012=Ulm, 113=Jena, 12=Ulm, 214=Gera, 7=Köln, 9=Suhl",
        shows="city",
        told="2 customer_ids came without the zeros in front that the same ids had before",
        later={"customers/b.csv": cities("7,Köln", "12,Ulm", "214,Gera", "9,Suhl")},
    )
    add(
        area,
        "a pattern in inputs.yml that names no file",
        one(orders(order(1, "163"))),
        (1, 1, 0, 0),
        holds="1=163",
        told="no file is there for refunds/refund-*.csv of inputs.yml",
        elsewhere={"refunds": {"files": "refunds/refund-*.csv"}},
    )
    add(
        area,
        "an item whose order comes later",
        {"order_items/a.csv": "order_item_id,order_id,quantity,unit_price\n1,1,2,162\n"},
        (1, 1, 0, 0),
        (1, 1, 0, 0),
        holds="1=162",
        shows="unit_price",
        told="order_items.order_id",
        later={"orders/a.csv": orders(order(1, "324"))},
        healed=1,
    )
    return out


CASES = _cases()


def document() -> str:
    """Returns docs/deliveries.md."""
    parts = [_INTRODUCTION.format(cases=len(CASES))]
    for area in dict.fromkeys(case.area for case in CASES):
        parts.append(
            f"\n## {area}\n\n| what is delivered | example | what is taken | what stands |"
            " what you are told |\n|---|---|---|---|---|\n"
        )
        parts += [row(case) for case in CASES if case.area == area]
    # which needs the helpers above
    from tests.python.landing.hostile_cases import section

    return "".join(parts) + _MEASURED + section()


def row(case: Case) -> str:
    """Returns a case as a row of its table."""
    told = f"… {case.told} …" if case.told else ""
    name = case.name[0].upper() + case.name[1:]
    for said in (case.mapping, case.elsewhere):
        if said:
            name += f" (inputs.yml: {json.dumps(said, ensure_ascii=False)})"
    cells = [name, _example(case), _taken(case), case.holds, told]
    return "| " + " | ".join(cell(text) for text in cells) + " |\n"


def _example(case: Case) -> str:
    """The last lines of the file that tell, where it is text."""
    shown = []
    for content in (*case.files.values(), *case.later.values()):
        if not isinstance(content, str) or "\0" in content:
            continue
        text = content.rstrip("\r\n")
        body = text.split("\n", 1)[1] if text.startswith((HEAD + "\n", HEAD + "\r\n")) else text
        shown.append(repr(body if len(body) <= _SHOWN else body[:_SHOWN] + "…")[1:-1])
    return " then ".join(f"`{text}`" for text in shown if text)


def _taken(case: Case) -> str:
    if None in case.counts:
        return "the refresh stops"
    words = ("read", "loaded", "refused", "superseded")
    files = [
        ", ".join(f"{n} {word}" for n, word in zip(counts or (), words, strict=True) if n)
        or "no rows"
        for counts in case.counts
    ]
    text = "; ".join(files) + (f"; {case.healed} healed" if case.healed else "")
    return f"the refresh stops: {text}" if case.stops else text


def cell(text: str) -> str:
    """Returns a text as a cell of a table."""
    text = text if len(text) <= _MOST_IN_CELL else text[: _MOST_IN_CELL - 1] + "…"
    return showable(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", "\\n")


_SHOWN = 90
_MOST_IN_CELL = 240
_INTRODUCTION = """# What becomes of damaged deliveries

Every row below is a test (`tests/python/landing/test_damaged.py`); this page is made from the same
table of {cases} cases by `python -m tests.python.landing.damaged_cases`. For every file, read =
loaded + refused + superseded. What is refused stands in `quality.quarantined_rows` with file, line,
rule and value until a corrected row heals it; a correction is the row delivered again in any file.
The refresh stops, and what was published stays, where a file cannot be read or lacks a required
column, and where more than `max_quarantined_share` of an input is refused (allowed in these tests,
as their files have a few rows only). Times are UTC, the business is in Europe/Berlin, the load is
on 2026-11-23 at noon. Examples leave out the header `order_id,ordered_at,status,gross_amount`.
Several files of one case are told in the order of delivery.
"""
_MEASURED = """
## What cannot be told from a file

- A CSV cut off exactly at a line end is a shorter CSV. What helps: gzip (a cut is always seen), and
  the guard on weekly rows and revenue.
- A CSV cut off within its last value looks whole: it is loaded, and the file's message says that
  its last line has no line end.
- Two columns of one kind under each other's name (tax as shipping) are two sound numbers.
- A quote that opens in one line and closes in another, with as many fields as the header has, is a
  field over several lines.

A CSV line may have 2,000,000 bytes, one of JSON Lines 16,000,000. A longer one is refused by its
length alone and read in blocks of a fixed size, never as a whole: a CSV with one line of 1 GB
between two good ones took 4 s and 138 MiB, JSON Lines 3 s and 138 MiB; the good lines were read.
"""


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
