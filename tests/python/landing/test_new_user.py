"""The way of a new user who keeps the books in a spreadsheet: deliver, read the no, correct.

What a spreadsheet makes of dates, amounts and marks is never guessed. Every no proposes the line
that would do, and here the lines are taken word by word from what was told.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml

from orchestration.contract import PROJECT_ROOT, load_contract
from orchestration.landing.templates import write_templates
from orchestration.quality.inputs import check_inputs
from orchestration.quality.results import CheckResult, stop_message
from orchestration.quality.suggest import advised, columns_line, suggestion
from tests.python.landing.conftest import Business

CONTRACT = load_contract()
ORDERS = CONTRACT.inputs["orders"]


# --- what is proposed -----------------------------------------------------------------------------


def proposed(column: str, *texts: str, rule: str = "type") -> str:
    """What is proposed for refused values of a column of orders."""
    advice = suggestion("orders", ORDERS.column(column), rule, texts)
    return advised("orders", [advice]) if advice else ""


def lines(message: str) -> list[dict]:
    """The lines of YAML that a message proposes, as they would be read."""
    return [yaml.safe_load(line) for line in re.findall(r"`([^`]*)`", message)]


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["31.12.2025"], ["%d.%m.%Y"]),
        (["3.4.2025"], ["%d.%m.%Y"]),
        (["31.12.25"], ["%d.%m.%y"]),
        (["31.12.2025 18:30", "01.02.2025 7:05"], ["%d.%m.%Y %H:%M"]),
        (["31.12.2025", "31.12.2025 18:30"], ["%d.%m.%Y", "%d.%m.%Y %H:%M"]),
        (["12/31/2025", "01/02/2025"], ["%m/%d/%Y"]),
        (["31/12/2025", "01/02/2025"], ["%d/%m/%Y"]),
        (["12/31/2025 06:30 PM"], ["%m/%d/%Y %I:%M %p"]),
        (["2025/12/31"], ["%Y/%m/%d"]),
        (["31-12-2025"], ["%d-%m-%Y"]),
        (["20251231"], ["%Y%m%d"]),
        (["45658", "45658.75"], ["spreadsheet_days"]),
    ],
)
def test_the_way_dates_are_written_is_proposed(texts, formats):
    """A person would have to know strptime to say what every spreadsheet writes."""
    message = proposed("ordered_at", *texts)
    assert lines(message) == [{"orders": {"date_formats": formats}}]
    assert "may be" not in message


def test_a_date_of_two_meanings_is_a_choice():
    """3 April or 4 March: a guess would be wrong for half of the world, unseen."""
    message = proposed("ordered_at", "03/04/2025", "05/06/2025")
    assert "03/04/2025 may be 3 April 2025 or 4 March 2025" in message
    assert [line["orders"]["date_formats"] for line in lines(message)] == [
        ["%d/%m/%Y"],
        ["%m/%d/%Y"],
    ]


def test_ways_of_writing_that_share_no_date_end_no_refresh():
    """As many dates of one way as of another share none, and must not break the guards."""
    message = proposed("ordered_at", "03/04/2026", "25.03.2026")
    assert "25.03.2026 and 03/04/2026 are written in different ways" in message
    assert not lines(message)


def test_dates_of_two_ways_are_to_be_written_in_one():
    """A format for one half would leave the other half refused, without a word why."""
    message = proposed("ordered_at", "12/31/2025", "11/30/2025", "31/12/2025")
    assert lines(message) == [{"orders": {"date_formats": ["%m/%d/%Y"]}}]
    assert "31/12/2025 is written another way" in message


def test_words_are_proposed_with_what_they_mean():
    """Every language has its own yes; a person would look for the form of `values`."""
    message = proposed("is_test", "WAHR", "нет")
    assert lines(message) == [{"orders": {"values": {"is_test": {"WAHR": "true", "нет": "false"}}}}]
    assert "?" not in message
    message = proposed("status", "bezahlt", rule="accepted_values")
    assert lines(message) == [{"orders": {"values": {"status": {"bezahlt": "?"}}}}]
    assert "one of pending, paid, completed" in message
    assert proposed("status", *map(str, range(50)), rule="accepted_values") == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1.234,50 €", "without a currency sign"),
        ("12.40 EUR", "without a currency sign"),
        ("12%", "without %"),
        ("1,234", "`orders: {thousands: ','}` or `orders: {decimal: ','}`"),
        ("1.234", "`orders: {decimal: ',', thousands: .}` or `orders: {decimal: .}`"),
    ],
)
def test_numbers_are_proposed_as_plain(text, told):
    """€ behind an amount: "is no number" helps nobody who sees a number."""
    assert told in proposed("gross_amount", text)


def test_an_amount_with_its_currency_is_to_have_that_stated():
    """The line would do for a shop with one currency; proposed as the only way, wrong."""
    advice = suggestion(
        "orders", ORDERS.column("gross_amount"), "type", ["12.40 €"], has_currency=True
    )
    message = advised("orders", [advice])
    assert lines(message) == [{"orders": {"constants": {"currency": "EUR"}}}]
    assert "column currency of the file" in message
    assert "without a currency sign" in message


def test_nothing_is_proposed_where_nothing_can_be_told():
    """A wrong proposal is worse than none; of a personal value nothing may be told at all."""
    assert proposed("ordered_at", "soon") == ""
    assert proposed("gross_amount", "twelve") == ""
    assert proposed("gross_amount", "12.40 EUR", rule="minimum") == ""
    birth_date = CONTRACT.inputs["customers"].column("birth_date")
    assert suggestion("customers", birth_date, "type", ["31.12.1990"]) is None


def test_a_proposed_line_is_text_and_nothing_else():
    """A delivered word would change the mapping file of whoever copies the line, or the screen."""
    word = "a: {b: x}\x1b[2J'\"\n- c"
    message = proposed("status", word, rule="accepted_values")
    assert "\x1b" not in message
    assert lines(message) == [{"orders": {"values": {"status": {word: "?"}}}}]


@pytest.mark.parametrize(
    ("missing", "unknown", "columns"),
    [
        (["order_id"], ["Order No"], {"order_id": "Order No"}),
        (
            ["gross_amount", "ordered_at"],
            ["Date", "Gross"],
            {"gross_amount": "Gross", "ordered_at": "?"},
        ),
        (["ordered_at"], ["Datum"], {"ordered_at": "Datum"}),
        (["ordered_at", "status"], ["Datum", "Stand"], {"ordered_at": "?", "status": "?"}),
    ],
)
def test_a_missing_column_is_proposed_under_its_other_name(missing, unknown, columns):
    """ "lacks order_id" leaves a person to find out how a name is mapped."""
    assert yaml.safe_load(columns_line("orders", missing, unknown)) == {
        "orders": {"columns": columns}
    }


# --- the way --------------------------------------------------------------------------------------


@dataclass
class Folder:
    """A new user's folder, and what is told of it."""

    business: Business
    stated: dict = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.business.workspace.landing

    def state(self, said: dict) -> None:
        """Put a proposed line under `inputs` of inputs.yml."""
        for name, entry in said.items():
            mine = self.stated.setdefault(name, {})
            for key, value in entry.items():
                if isinstance(value, dict):
                    mine.setdefault(key, {}).update(value)
                else:
                    mine[key] = value
        text = yaml.safe_dump({"inputs": self.stated}, allow_unicode=True)
        (self.path / "inputs.yml").write_text(text, encoding="utf-8")

    def deliver(self) -> dict[str, CheckResult]:
        """Read and guard what lies there; returns what went wrong by check."""
        self.business.read()
        results = check_inputs(
            self.business.workspace,
            CONTRACT,
            self.business.settings,
            self.business.refresh_id,
            self.business.now,
        )
        self.stop = stop_message(results)
        return {result.check_id: result for result in results if not result.is_success}


def test_the_way_from_a_spreadsheet_to_orders(business: Business):
    """Three columns named otherwise, local dates, decimal commas, marks in German, totals below."""
    folder = Folder(business)
    write_templates(folder.path, CONTRACT)
    for path in folder.path.glob("*.csv"):
        path.unlink()
    header = '"Order No ";customer_id;"Bestellt am";status;Summe;currency;is_test;;'
    rows = []
    for i in range(1, 61):
        amount = "1\u202f234,50" if i == 3 else f"{20 + i},50  "
        mark = "WAHR" if i == 7 else "FALSCH"
        day = f"{1 + i % 28:02d}.{1 + i % 9:02d}.2025"
        state = "storniert" if i % 5 == 0 else "bezahlt"
        rows.append(f"{i:05d};K{i % 9};{day};{state};{amount};EUR;{mark};;")
    rows += ["Total;;;;3.234,50;;;;", ";;;;;;;;"]
    file = folder.path / "orders.csv"
    file.write_text("\r\n".join([header, *rows]) + "\r\n", encoding="utf-16")

    # 1: the columns
    found = folder.deliver()
    message = found["orders.required_column"].message
    assert "`orders: {columns: {gross_amount: '?', order_id: 'Order No', ordered_at: '?'}}`" in (
        message.replace('"', "'").replace("order_id: Order No", "order_id: 'Order No'")
    )
    (line,) = lines(message)
    line["orders"]["columns"] |= {"gross_amount": "Summe", "ordered_at": "Bestellt am"}
    folder.state(line)

    # 2: dates and words, all told at once and word by word
    found = folder.deliver()
    assert set(found) >= {
        "orders.ordered_at.type",
        "orders.status.accepted_values",
        "orders.is_test.type",
        "orders.max_quarantined_share",
    }
    said = lines(found["orders.max_quarantined_share"].message)
    # in one line, as a second `orders` in the file would be refused
    assert len(said) == 1
    folder.state(said[0])
    assert "one of pending, paid" in folder.stop
    folder.state({"orders": {"values": {"status": {"bezahlt": "paid", "storniert": "cancelled"}}}})

    # 3: what is left is the line of totals
    found = folder.deliver()
    assert folder.stop == ""
    refused = {name for name, result in found.items() if result.severity == "error"}
    assert all(found[name].rows_failed == 1 for name in refused)
    assert "orders.ordered_at.required" in refused
    accepted = business.accept()
    assert (accepted.rows_loaded, accepted.rows_refused) == (60, 1)
    assert business.ask(
        "select order_id, ordered_at, status, gross_amount, is_test from landing.orders "
        "where order_id in ('00003', '00007') order by order_id"
    ) == [
        ("00003", datetime.fromisoformat("2025-04-04"), "paid", pytest.approx(1234.5), False),
        ("00007", datetime.fromisoformat("2025-08-08"), "paid", pytest.approx(27.5), True),
    ]


def test_days_of_a_spreadsheet_are_read_when_stated(business: Business):
    """45658.75 is 1 January 2025 at six in the evening, for who says so."""
    (business.workspace.landing / "orders.csv").write_text(
        "order_id,ordered_at,status,gross_amount,currency\n"
        "1,45658.75,paid,5.00,EUR\n2,45658,paid,5.00,EUR\n3,46082.3125,paid,5.00,EUR\n",
        encoding="utf-8",
    )
    folder = Folder(business)
    found = folder.deliver()
    (line,) = lines(found["orders.ordered_at.type"].message)
    folder.state(line)
    assert folder.deliver() == {}
    business.accept()
    assert business.ask("select ordered_at from landing.orders order by order_id") == [
        (datetime.fromisoformat("2025-01-01T18:00"),),
        (datetime.fromisoformat("2025-01-01"),),
        (datetime.fromisoformat("2026-03-01T07:30"),),
    ]
    assert date(1899, 12, 30).toordinal() + 45658 == date(2025, 1, 1).toordinal()


def test_the_readme_shows_what_is_told():
    """The page would promise lines that nobody is ever told."""
    page = " ".join((PROJECT_ROOT / "README.md").read_text(encoding="utf-8").split())
    days = suggestion("orders", ORDERS.column("ordered_at"), "type", ["31.12.2025"])
    marks = suggestion("orders", ORDERS.column("is_test"), "type", ["FALSCH", "WAHR"])
    assert f"What to do: {advised('orders', [days, marks])}." in page
    refunded_at = CONTRACT.inputs["refunds"].column("refunded_at")
    choice = suggestion("refunds", refunded_at, "type", ["03/04/2025"])
    assert f"What to do: {advised('refunds', [choice])}." in page
