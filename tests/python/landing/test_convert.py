"""Text becomes typed values exactly, or not at all."""

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.contract import Column, load_contract
from orchestration.landing.convert import (
    Signs,
    Zones,
    is_number,
    is_plain,
    plain_pattern,
    present,
    trimmed,
    typed,
    with_numbers,
)
from orchestration.landing.mapping import Delivery

CONTRACT = load_contract()
MONEY = CONTRACT.inputs["orders"].column("gross_amount")
PRICE = CONTRACT.inputs["order_items"].column("unit_price")
WHOLE = CONTRACT.inputs["loyalty_events"].column("points")
FLAG = CONTRACT.inputs["orders"].column("is_test")
INSTANT = CONTRACT.inputs["orders"].column("ordered_at")
DAY = CONTRACT.inputs["product_usage"].column("used_on")
STATUS = CONTRACT.inputs["orders"].column("status")
CURRENCY = CONTRACT.inputs["orders"].column("currency")
BERLIN = Zones("Europe/Berlin", "Europe/Berlin")
UTC = Zones("UTC", "UTC")
CONNECTION = duckdb.connect()
CONNECTION.execute("set TimeZone = 'UTC'")


def converted(
    column: Column,
    text: str | None,
    signs: Signs | None = None,
    zones: Zones = UTC,
    formats: tuple[str, ...] = (),
) -> object:
    signs = signs or Signs()
    clean = present(trimmed("raw"), Delivery())
    relation = f"(select {clean} as text from (select ? as raw))"
    pattern = plain_pattern(column, signs)
    plain = is_plain("text", pattern) if pattern else "false"
    if is_number(column):
        relation = with_numbers(relation, {"number": ("text", plain)}, signs)
    value = typed(column, "text", plain, "number", signs, zones, formats)
    query = f"select {value} from {relation}"
    return CONNECTION.execute(query, [text]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.34499999999", "2.344999"),  # rounded here, it would become 2.35 at two decimals
        ("-2.34499999999", "-2.344999"),
        ("1e3", "1000"),
        ("1.5E-2", "0.015"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+5", "5"),
        ("  12.50\u00a0", "12.5"),
        ("1,234.56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1 234.5", "1234.5"),
        ("1'234.50", "1234.5"),
        ("12.50-", "-12.5"),
        ("\u22123", "-3"),
        ("999999999999.999999", "999999999999.999999"),
        ("2." + "3" * 90, "2.333333"),
    ],
)
def test_money_comes_from_text_without_a_double(text: str, value: str) -> None:
    """A cent must not depend on how a machine stores fractions."""
    assert converted(MONEY, text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["1,234", "1,23", "1.234,56", "1.2.3", "abc", "0x10", "1_000", "--1", "inf", "1e400",
     "1000000000000", "9" * 60, "12 EUR", "1e", "-", "1,2345.6"],
)  # fmt: skip
def test_what_is_no_number_is_not_guessed(text: str) -> None:
    """`1,234` read as 1234 or as 1.234 would be wrong by a thousand in one of two files."""
    assert converted(MONEY, text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("12,50", "12.5"), ("1.234,56", "1234.56"), ("1.234.567", "1234567"), ("1 234,5", "1234.5"),
     ("12.50", None), ("1.234", None), ("2,34499999999", "2.344999"), ("1,5e2", "150")],
)  # fmt: skip
def test_decimal_comma(text: str, value: str | None) -> None:
    """A decimal comma must not become a thousands sign."""
    assert converted(MONEY, text, Signs(",")) == (None if value is None else Decimal(value))


def test_stated_thousands_sign() -> None:
    """Where a business says what the sign is, single groups are numbers."""
    assert converted(MONEY, "1.234", Signs(",", ".")) == Decimal(1234)
    assert converted(MONEY, "1,234", Signs(".", ",")) == Decimal(1234)
    assert converted(MONEY, "1,23", Signs(".", ",")) is None


def test_unit_prices_are_rounded() -> None:
    """Unit prices keep six decimals, the nearest ones."""
    assert converted(PRICE, "2.34499999999") == Decimal("2.345")
    assert converted(PRICE, "0.0000005") == Decimal("0.000001")
    assert converted(PRICE, "-0.0000005") == Decimal("-0.000001")


@effort(max_examples=60, deadline=None)
@given(st.decimals(min_value=-(10**11), max_value=10**11, places=9))
def test_money_of_any_digits_is_cut_never_rounded(number: Decimal) -> None:
    """Later half-up rounding to cents must see the text's own digits."""
    expected = number.quantize(Decimal("0.000001"), rounding="ROUND_DOWN")
    assert converted(MONEY, f"{number:f}") == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("3.0", 3), ("-7", -7), ("1e3", 1000), ("3.5", None), ("x", None),
     ("9223372036854775807", 2**63 - 1), ("9223372036854775808", None)],
)  # fmt: skip
def test_whole_numbers(text: str, value: int | None) -> None:
    """Half a point must not be rounded to one."""
    assert converted(WHOLE, text) == value


@pytest.mark.parametrize(
    ("text", "unstated", "thousands", "decimal"),
    [("1.000", None, 1000, 1), ("-250.000", None, -250_000, -250), ("1.250", None, 1250, None),
     ("0.000", 0, 0, 0), ("1000.000", 1000, None, 1000), ("1.00", 1, None, 1),
     ("1.0000", 1, None, 1), ("1000.", 1000, None, 1000), ("1e3", 1000, 1000, 1000)],
)  # fmt: skip
def test_whole_numbers_with_three_zeros_behind_a_point(
    text: str, unstated: int | None, thousands: int | None, decimal: int | None
) -> None:
    """A thousand points of a German file read as one would be a silent loss of 999."""
    assert converted(WHOLE, text) == unstated
    assert converted(WHOLE, text, Signs(",", ".", is_sure=True)) == thousands
    assert converted(WHOLE, text, Signs(is_sure=True)) == decimal


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("T", True), ("YES", True), ("y", True), ("1", True), ("1.0", True),
     ("false", False), ("f", False), ("No", False), ("n", False), ("0", False), ("maybe", None),
     ("2", None)],
)  # fmt: skip
def test_booleans(text: str, value: bool | None) -> None:
    """A flag written otherwise must not silently count as not set."""
    assert converted(FLAG, text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-03-01", "2024-02-29T23:00:00"),  # a bare day is its local midnight
        ("2024-03-01T10:00", "2024-03-01T09:00:00"),
        ("2024-03-01 10:00:30.5", "2024-03-01T09:00:30.500000"),
        ("2024-03-01 10:00:30,5", "2024-03-01T09:00:30.500000"),
        ("2024-07-01T10:00", "2024-07-01T08:00:00"),  # summer time
        ("2024-03-31 02:30", "2024-03-31T01:30:00"),  # an hour that is not there
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00"),
        ("2024-03-01T10:00Z", "2024-03-01T10:00:00"),
        ("2024-03-01 10:00 UTC", "2024-03-01T10:00:00"),
        ("2024-03-01T10:00:00+02:00", "2024-03-01T08:00:00"),
        ("2024-03-01 10:00:00 +0230", "2024-03-01T07:30:00"),
        ("2024-03-01T10:00:00-05", "2024-03-01T15:00:00"),
        ("2024-03-01T10:00:00.123456789Z", "2024-03-01T10:00:00.123456"),
        ("2024-02-30", None),
        ("2024-03-01T25:00", None),
        ("01.03.2024", None),
        ("2024-3-1", None),
        ("0000-01-01", None),
        ("soon", None),
    ],
)
def test_instants_in_the_business_zone(text: str, value: str | None) -> None:
    """Every instant must end on the same local day a person would say."""
    expected = None if value is None else datetime.fromisoformat(value)
    assert converted(INSTANT, text, zones=BERLIN) == expected


def test_stated_formats_come_before_iso() -> None:
    """A shop's own way of writing days is followed, and ISO still works."""
    formats = ("%d.%m.%Y %H:%M", "%d.%m.%Y", "%m/%d/%Y %H:%M %z", "epoch_seconds")
    for text, value in {
        "01.03.2024 10:00": "2024-03-01T10:00:00",
        "01.03.2024": "2024-03-01T00:00:00",
        "03/01/2024 10:00 +0200": "2024-03-01T08:00:00",
        "1700000000": "2023-11-14T22:13:20",
        "2024-03-01": "2024-03-01T00:00:00",
    }.items():
        assert converted(INSTANT, text, formats=formats) == datetime.fromisoformat(value), text
    milliseconds = converted(INSTANT, "1700000000123", formats=("epoch_milliseconds",))
    assert milliseconds == datetime.fromisoformat("2023-11-14T22:13:20.123")


def test_days() -> None:
    """A day stays itself in every zone; an instant with an offset falls on the local day."""
    tokyo = Zones("Asia/Tokyo", "Asia/Tokyo")
    assert converted(DAY, "2024-03-01", zones=tokyo) == date(2024, 3, 1)
    assert converted(DAY, "2024-03-01T23:30:00Z", zones=tokyo) == date(2024, 3, 2)
    assert converted(DAY, "2024-03-01T23:30", zones=tokyo) == date(2024, 3, 1)
    assert converted(DAY, "2024-13-01") is None


EAST = Zones("UTC", "America/New_York")


@pytest.mark.parametrize(
    ("text", "text_format"),
    [
        ("03/01/2026", "%m/%d/%Y"),
        ("2026-03-01", "%m/%d/%Y"),
        ("2026-01-03", "%Y-%d-%m"),
        ("46082", "spreadsheet_days"),
        ("46082,0", "spreadsheet_days"),
        ("46082.5", "spreadsheet_days"),
        ("03/01/2026 10:00", "%m/%d/%Y %H:%M"),
        ("03/02/2026 02:00 +0100", "%m/%d/%Y %H:%M %z"),
        ("1772366400", "epoch_seconds"),
    ],
)
def test_days_in_a_stated_format(text: str, text_format: str) -> None:
    """The day written is the day meant, also where the files' zone lies east of the business's."""
    assert converted(DAY, text, zones=EAST, formats=(text_format,)) == date(2026, 3, 1)


def test_instants_in_a_day_column_fall_on_the_local_day() -> None:
    """Where a time is written, it is the moment that counts, as without a stated format."""
    for text, text_format in {
        "03/02/2026 02:00": "%m/%d/%Y %H:%M",
        "46083.0625": "spreadsheet_days",
        "1772418600": "epoch_seconds",
        "2026-03-02T02:00": "%m/%d/%Y",
    }.items():
        value = converted(DAY, text, zones=EAST, formats=(text_format,))
        assert value == date(2026, 3, 1), text


@pytest.mark.parametrize("column", [DAY, INSTANT], ids=["day", "instant"])
def test_year_of_two_digits_under_a_format_of_four(column: Column) -> None:
    """A subscription that begins in the year 25 would have 24,000 months."""
    assert converted(column, "01.03.25", formats=("%d.%m.%Y",)) is None
    assert converted(column, "01.03.0025 10:00 +01", formats=("%d.%m.%Y %H:%M %z",)) is None
    assert converted(column, "01.03.25", formats=("%d.%m.%Y", "%d.%m.%y")) is not None


@pytest.mark.parametrize("column", [DAY, INSTANT], ids=["day", "instant"])
@pytest.mark.parametrize("text", ["infinity", "-infinity", "epoch"])
def test_words_of_databases_are_no_days(column: Column, text: str) -> None:
    """A subscription without an end would have ended in 1900."""
    assert converted(column, text) is None
    assert converted(column, text, formats=("%d.%m.%Y",)) is None


@pytest.mark.parametrize(
    ("text", "text_format"),
    [
        ("20240101123045", "epoch_seconds"),
        ("1700000000123", "epoch_seconds"),
        ("9223372036854.775807", "epoch_seconds"),
        ("999999999999", "epoch_seconds"),
        ("999999999999999", "epoch_milliseconds"),
        ("-999999999999999", "epoch_milliseconds"),
        ("9223372036854775.807", "epoch_milliseconds"),
    ],
)
def test_what_is_no_epoch_is_null(text: str, text_format: str) -> None:
    """One bad value must cost its row, not the file."""
    assert converted(INSTANT, text, formats=(text_format,)) is None
    assert converted(DAY, text, formats=(text_format,)) is None


def test_words_of_a_list_and_currencies_in_any_case() -> None:
    """`Paid` and `eur` say the same as `paid` and `EUR`; other words stay for the guards."""
    assert converted(STATUS, "Paid") == "paid"
    assert converted(STATUS, "shipped") == "shipped"
    assert converted(CURRENCY, "eur") == "EUR"


@pytest.mark.parametrize("text", [None, "", "  ", "NULL", "\\N", "NaN", "#N/A", "\u00a0"])
def test_texts_that_mean_absent(text: str | None) -> None:
    """An exporter's word for nothing must not become one big customer."""
    assert converted(STATUS, text) is None
