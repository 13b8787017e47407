"""Files in every form a business may deliver become the same rows."""

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.landing.mapping import MAPPING_FILE
from tests.python.landing.conftest import ORDERS, Business

HEADER = "order_id,customer_id,ordered_at,status,gross_amount,sales_channel"
TWO = (
    ("1", "Müller", "2024-03-01T12:00:00", "paid", "1234.50", "Café"),
    ("2", "Größe", "2024-03-02T12:00:00", "paid", "0.99", "Straße"),
)


def csv_text(delimiter: str = ",", decimal: str = ".", end: str = "\n") -> str:
    rows = [HEADER.split(",")] + [[*row[:4], row[4].replace(".", decimal), row[5]] for row in TWO]
    quote = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in rows]
    return end.join(delimiter.join(row) for row in quote) + end


def amounts(business: Business) -> list[tuple]:
    return business.ask(
        "select order_id, customer_id, gross_amount, sales_channel, _line from incoming.orders"
        " order by _line"
    )


EXPECTED = [
    ("1", "Müller", Decimal("1234.5"), "Café", 2),
    ("2", "Größe", Decimal("0.99"), "Straße", 3),
]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (csv_text().encode(), "utf-8"),
        (b"\xef\xbb\xbf" + csv_text().encode(), "utf-8"),
        (csv_text().encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + csv_text().encode("utf-16-be"), "utf-16-be"),
        (csv_text().encode("utf-16-le"), "utf-16-le"),
        (csv_text().encode("cp1252"), "cp1252"),
        (csv_text(";", ",").encode("cp1252"), "cp1252"),
        (csv_text("\t", ",").encode(), "utf-8"),
        (csv_text(",", ",").encode(), "utf-8"),
        (csv_text("|").encode(), "utf-8"),
        (csv_text(end="\r\n").encode(), "utf-8"),
        (csv_text(end="\r").encode(), "utf-8"),
        (csv_text().rstrip("\n").encode(), "utf-8"),
        (b"sep=;\n" + csv_text(";").encode(), "utf-8"),
        (gzip.compress(csv_text().encode()), "utf-8"),
        (gzip.compress(csv_text(";", ",").encode("utf-16")), "utf-16-le"),
    ],
    ids=[
        "utf-8", "utf-8 with mark", "utf-16", "utf-16 big", "utf-16 without mark", "windows-1252",
        "semicolon, comma, windows-1252", "tab, comma", "comma and comma, quoted", "pipe", "crlf",
        "cr", "no last line end", "sep line", "gzip", "gzip, utf-16, semicolon, comma",
    ],
)  # fmt: skip
def test_encodings_delimiters_and_decimal_signs_are_found(
    business: Business, content: bytes, encoding: str
) -> None:
    """A file of another system must not load as other numbers or broken letters."""
    business.deliver("orders.csv", content)
    report = business.read()
    shift = 1 if content.startswith(b"sep=") else 0
    assert amounts(business) == [(*row[:4], row[4] + shift) for row in EXPECTED]
    assert report.files[0].rows_read == 2
    assert business.ask("select encoding from incoming._files") == [(encoding,)]


def test_windows_1251_is_told_from_windows_1252(business: Business) -> None:
    """Russian text read as Western European would split one city into rubbish."""
    rows = "customer_id,city\n1,Санкт-Петербург\n2,Москва\n"
    business.deliver("customers.csv", rows.encode("cp1251"))
    business.read()
    assert business.ask("select city from incoming.customers order by 1") == [
        ("Москва",),
        ("Санкт-Петербург",),
    ]


def test_stated_encoding_wins(business: Business) -> None:
    """What cannot be told from the bytes must be possible to state."""
    business.deliver("customers.csv", "customer_id,city\n1,Łódź\n".encode("cp1250"))
    business.deliver("inputs.yml", "encoding: windows-1250\n")
    business.read()
    assert business.ask("select city from incoming.customers") == [("Łódź",)]


def test_a_few_damaged_lines_do_not_turn_utf8_into_another_encoding(business: Business) -> None:
    """One bad byte must cost its line, not the letters of all others."""
    text = csv_text().encode() + b"3,\xff\xfe,2024-03-02T12:00:00,paid,1,x\n"
    business.deliver("orders.csv", text)
    report = business.read()
    assert amounts(business) == EXPECTED
    assert (report.files[0].rows_read, report.files[0].rows_rejected) == (3, 1)
    assert business.ask("select _line, message from incoming._rejected_lines") == [
        (4, "the line has bytes that are no text in the encoding of the file")
    ]


def test_ascii_file_with_one_bad_byte_keeps_the_rest(business: Business) -> None:
    """Bytes that are letters in no encoding are damage, not Windows-1252."""
    text = f"{ORDERS}\n1,a\x01,2024-01-01,paid,5\n".encode() + b"2,\x98\x98,2024-01-01,paid,5\n"
    business.deliver("orders.csv", text)
    business.read()
    assert business.ask("select order_id from incoming.orders") == [("1",)]


def test_quoted_line_feeds_keep_physical_line_numbers(business: Business) -> None:
    """A person who opens the file must find the row at the line quarantine names."""
    header = "order_id,customer_id,ordered_at,status,gross_amount,sales_channel\n"
    text = (
        header
        + '1,a,2024-01-01,paid,5,"x\ny"\n'  # lines 2, 3
        + "\n"
        + '2,a,2024-01-01,paid,5,"x\n\n\ny, ""z"""\n'  # lines 5 to 8
        + "3,a,2024-01-01,paid\n"  # line 9: too short
        + '4,"a,2024-01-01,paid,5,\n'  # line 10: quote never closed
        + "5,a,2024-01-01,paid,5,\n"  # line 11
        + ",,,,,\n"
        + '6,"a"b,2024-01-01,paid,5,\n'  # line 13: text behind a quote
        + '7,a,2024-01-01,paid,5,5" pipe\n'  # line 14: a quote within text is text
        + "8,a,2024-01-01,paid,5,x,y\n"  # line 15: too long
        + '"9","a","2024-01-01","paid","5","x"'  # line 16, without its end
    )
    business.deliver("orders.csv", text)
    report = business.read()
    assert business.ask("select order_id, _line from incoming.orders order by _line") == [
        ("1", 2), ("2", 5), ("5", 11), ("7", 14), ("9", 16),
    ]  # fmt: skip
    rejected = business.ask("select _line, message from incoming._rejected_lines order by _line")
    assert [line for line, _ in rejected] == [9, 10, 13, 15]
    assert "fewer" in rejected[0][1]
    assert "not closed" in rejected[1][1]
    assert "more" in rejected[3][1]
    assert (report.files[0].rows_read, report.files[0].rows_rejected) == (9, 4)


def test_unclosed_quote_in_a_large_file_costs_one_line(business: Business) -> None:
    """DuckDB swallows part of such a file without a word; holdfast must not."""
    rows = [f"{i},c{i % 7},2024-01-01,paid,{i}" for i in range(60_000)]
    rows[20_000] = '20000,"c,2024-01-01,paid,5'
    rows[40_000] = '40000,c,2024-01-01,paid,"5'
    business.deliver("orders.csv", "\n".join([ORDERS, *rows]) + "\n")
    report = business.read()
    assert (report.files[0].rows_read, report.files[0].rows_rejected) == (60_000, 2)
    assert business.ask("select _line from incoming._rejected_lines order by 1") == [
        (20_002,),
        (40_002,),
    ]
    assert business.ask(
        "select count(*), count(*) filter (where _line = order_id::bigint + 2) from incoming.orders"
    ) == [(59_998, 59_998)]


def test_swapped_header_order_and_names_in_other_case(business: Business) -> None:
    """Columns go by their names, never by their place."""
    text = " Gross-Amount ,STATUS,Ordered At,order_id\n5,Paid,2024-01-01,0007\n"
    business.deliver("ORDERS.CSV", text)
    business.read()
    assert business.ask("select order_id, status, gross_amount from incoming.orders") == [
        ("0007", "paid", Decimal(5))
    ]


def test_json_lines(business: Business) -> None:
    """Lines that are no object are refused one by one, and no digit of a number is lost."""
    lines = [
        '{"order_id": 12345678901234567890123, "ordered_at": "2024-01-01", "status": "paid",'
        ' "gross_amount": 2.344999999999999999}',
        "",
        "no json",
        "[1]",
        '{"Order_ID": "2", "ordered_at": "2024-01-01", "status": "paid", "gross_amount": 1e3,'
        ' "note": "a: 12345678901234567, b"}',
        '{"order_id": "3", "ordered_at": null, "status": "paid", "gross_amount": "7"',
    ]
    business.deliver("orders.jsonl", "\n".join(lines))
    report = business.read()
    assert business.ask("select order_id, gross_amount, _line from incoming.orders order by 3") == [
        ("12345678901234567890123", Decimal("2.344999"), 1),
        ("2", Decimal(1000), 5),
    ]
    assert business.ask("select _line from incoming._rejected_lines order by 1") == [
        (3,), (4,), (6,),
    ]  # fmt: skip
    assert (report.files[0].rows_read, report.files[0].rows_rejected) == (5, 3)
    assert business.ask("select unknown_columns from incoming._files") == [(["note"],)]


def test_json_array_is_an_error_of_the_file(business: Business) -> None:
    """An array would otherwise load as no rows at all."""
    business.deliver("orders.json", '[{"order_id": 1}]')
    assert "JSON array" in (business.read().files[0].error or "")


def test_parquet(business: Business, tmp_path: Path) -> None:
    """Typed columns come through text without losing zone or digits; lines are row numbers."""
    path = tmp_path / "landing" / "orders" / "2024" / "part.parquet"
    path.parent.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            f"""copy (
                select 1 as order_id, timestamptz '2024-03-01 12:00:00+02' as ordered_at,
                    timestamp '2024-03-02 08:00:00' as paid_at, 'paid' as status,
                    cast(119.99 as double) as gross_amount, cast(1.5 as decimal(18,6)) as tax_amount
                union all
                select 2, null, null, 'paid', 0.1, null
            ) to '{path}'"""
        )
    business.set(business_timezone="Europe/Berlin")
    business.read()
    assert business.ask(
        """select order_id, ordered_at::varchar, paid_at::varchar, gross_amount, tax_amount, _line
        from incoming.orders order by _line"""
    ) == [
        ("1", "2024-03-01 10:00:00", "2024-03-02 07:00:00", Decimal("119.99"),
         Decimal("1.5"), 1),
        ("2", None, None, Decimal("0.1"), None, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.csv", b"", "is empty"),
        ("orders.csv", b"\n\n", "is empty"),
        ("orders.csv", b"order_id,Order_ID,status\n1,2,3\n", "more than once"),
        ("orders.csv", b"a,b\n1,2\n", "no column of orders"),
        ("orders.csv", b"1,anna@example.com\n", "named by 16 characters"),
        ("orders.parquet", b"PAR1 rubbish PAR1", "Parquet"),
        ("orders.csv.gz", gzip.compress(b"order_id\n" * 99, mtime=0)[:-12], "unpacked"),
    ],
)
def test_files_that_cannot_be_taken_say_why(
    business: Business, name: str, content: bytes, said: str
) -> None:
    """A file error must reach the guards, and must not tell values."""
    business.deliver(name, content)
    error = business.read().files[0].error or ""
    assert said in error
    assert "anna" not in error
    assert business.ask("select count(*) from incoming.orders") == [(0,)]


def test_every_name_a_file_may_have(business: Business) -> None:
    """One file, many files or a folder per input; what belongs to nobody is reported."""
    row = "order_id,ordered_at,status,gross_amount\n{},2024-01-01,paid,5\n"
    names = [
        "orders.csv", "orders_2024.csv", "orders-2.txt", "Orders.2023.CSV", "orders/a.csv",
        "orders/deep/b.tsv",
    ]  # fmt: skip
    for number, name in enumerate(names):
        business.deliver(name, row.format(number))
    business.deliver("order_items_1.csv", "order_item_id,order_id,quantity,unit_price\n1,1,1,1\n")
    business.deliver("oders.csv", row.format(99))
    business.deliver("orders/.hidden.csv", row.format(98))
    business.deliver("readme.md", "hello")
    report = business.read()
    assert sorted(f.file for f in report.files if f.input == "orders") == sorted(names)
    assert [f.file for f in report.files if f.input == "order_items"] == ["order_items_1.csv"]
    assert report.unmatched == ("oders.csv",)
    rows = business.ask("select count(distinct _row), count(*) from incoming.orders")
    assert rows == [(6, 6)]


def test_file_given_to_one_input_is_no_file_of_another(business: Business) -> None:
    """Read by its default name as well, a file would take the other columns of its keys away."""
    business.deliver("products.csv", "product_id,name,category,unit_cost\nP1,Tea,food,4.00\n")
    business.deliver("products_usage.csv", "customer_id,used_on,product_id\nC1,2024-03-01,P1\n")
    business.deliver(
        MAPPING_FILE, "inputs: {product_usage: {files: [products_usage.csv]}, products: {}}"
    )
    business.load()
    assert business.ask("select name, unit_cost, _file from landing.products") == [
        ("Tea", Decimal(4), "products.csv")
    ]
    assert business.ask("select product_id from landing.product_usage") == [("P1",)]


def test_file_given_to_two_inputs_is_read_for_both(business: Business) -> None:
    """An export of lines that carry their order is one file of two inputs."""
    business.deliver(
        "orders.csv",
        f"{ORDERS},order_item_id,quantity,unit_price\n1,a,2024-01-01,paid,5,i,1,5\n",
    )
    business.deliver(
        MAPPING_FILE, "inputs: {orders: {files: orders.csv}, order_items: {files: orders.csv}}"
    )
    report = business.read()
    assert [file.input for file in report.files] == ["orders", "order_items"]


def test_unknown_and_missing_columns_are_recorded(business: Business) -> None:
    """Extra columns stay out and are told once per file; required ones are named."""
    business.deliver(
        "orders.csv", "order_id,ordered_at,colour,gross_amount,\n1,2024-01-01,red,5,\n"
    )
    business.read()
    assert business.ask(
        "select unknown_columns, missing_columns, message from incoming._files"
    ) == [(["colour"], ["status"], "unknown columns kept out: colour")]


def test_delete_file_needs_only_the_key(business: Business) -> None:
    """A list of deleted ids is a delivery; a list without the key is none."""
    business.deliver("orders.csv", "order_id,_deleted\n1,yes\n")
    business.deliver("orders_2.csv", "order_id,_deleted\n1,yes\n2,no\n")
    business.deliver("refunds.csv", "order_id,_deleted\n1,yes\n")
    business.read()
    missing = dict(business.ask("select _file, missing_columns from incoming._files"))
    assert missing["orders.csv"] == []
    assert "status" in missing["orders_2.csv"]
    assert missing["refunds.csv"] == ["refund_id"]


def test_no_of_another_language_deletes_nothing(business: Business) -> None:
    """`nein` counted as a yes took every row of a delivery away, without a word."""
    rows = "1,2024-01-01,paid,5,FALSCH\n2,2024-01-01,paid,6, nein \n3,2024-01-01,paid,7,WAHR\n"
    business.deliver("orders.csv", f"order_id,ordered_at,status,gross_amount,Storniert\n{rows}")
    stated = "columns: {_deleted: Storniert}"
    business.deliver(MAPPING_FILE, f"inputs: {{orders: {{{stated}}}}}")
    (file,) = business.read().files
    assert file.error is not None
    said = file.error.split("`")[1]
    assert said == "orders: {values: {_deleted: {'FALSCH': 'false', 'nein': 'false'}}}"
    assert business.ask("select count(*) from incoming.orders") == [(0,)]
    said = said.replace("{values", f"{{{stated}, values")
    business.deliver(MAPPING_FILE, f"inputs: {{{said}}}")
    business.load()
    assert business.ask("select order_id, _is_deleted from landing.orders order by 1") == [
        ("1", False), ("2", False), ("3", True),
    ]  # fmt: skip


def test_blank_lines_in_a_file_of_one_column(business: Business) -> None:
    """A file of one column has no delimiter to tell a blank line from an empty row."""
    business.deliver("customers.csv", "customer_id\n1\n\n2\n")
    report = business.read()
    assert business.ask("select customer_id, _line from incoming.customers order by 2") == [
        ("1", 2),
        ("2", 4),
    ]
    assert report.files[0].rows_read == 2


def test_day_columns(business: Business) -> None:
    """A day stays that day in every zone; an instant falls on the local day."""
    business.set(business_timezone="Asia/Tokyo")
    business.deliver(
        "product_usage.csv",
        "customer_id,used_on\n1,2024-03-01\n2,2024-03-01T23:30:00Z\n3,2024-03-01 00:00:00\n",
    )
    business.read()
    assert business.ask("select used_on from incoming.product_usage order by customer_id") == [
        (date(2024, 3, 1),),
        (date(2024, 3, 2),),
        (date(2024, 3, 1),),
    ]
