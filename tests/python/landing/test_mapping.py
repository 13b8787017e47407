"""inputs.yml maps a business's own files without code, and refuses what it cannot follow."""

from datetime import datetime
from decimal import Decimal

import pytest

from orchestration.contract import Contract
from orchestration.landing.mapping import MAPPING_FILE, MappingError, load_mapping
from tests.python.landing.conftest import ORDERS, Business


def test_everything_a_business_may_state(business: Business) -> None:
    """Names, constants, words, signs, formats and zone of two shops at once."""
    business.deliver(
        "exports/sales-1.txt",
        "Bestellung;Kunde;Datum;Zustand;Summe\n7;k1;01.03.2024 10:00;Versandt;1.234\n"
        "8;-;01.07.2024 10:00;Versandt;2,5\n",
    )
    business.deliver("till/orders.csv", f"{ORDERS}\n7,k1,2024-03-01,paid,5\n")
    business.deliver(
        MAPPING_FILE,
        """
        time_zone: Europe/Berlin
        inputs:
          orders:
            - files: "exports/*.txt"
              columns: {order_id: bestellung, customer_id: Kunde, ordered_at: Datum,
                        status: Zustand, gross_amount: Summe}
              values: {status: {Versandt: completed}}
              constants: {_source: shop, currency: chf, is_test: false}
              decimal: ","
              thousands: "."
              date_formats: ["%d.%m.%Y %H:%M"]
              null_texts: ["-"]
              loaded_through: 2024-07-31
            - files: [till]
              constants: {_source: till}
        """,
    )
    report = business.load()
    assert report.rows_loaded == 3
    assert business.ask(
        """select _source, order_id, customer_id, strftime(ordered_at, '%m-%d %H:%M'), status,
            gross_amount, currency from landing.orders order by 1, 2"""
    ) == [
        ("shop", "7", "k1", "03-01 09:00", "completed", Decimal(1234), "CHF"),
        ("shop", "8", None, "07-01 08:00", "completed", Decimal("2.5"), "CHF"),
        ("till", "7", "k1", "02-29 23:00", "paid", Decimal(5), None),
    ]
    # complete through the last of July, local: until 22:00 UTC
    assert business.ask("select source, loaded_through from ops.feeds order by 1") == [
        ("shop", datetime(2024, 7, 31, 22)),  # noqa: DTZ001 - UTC
        ("till", None),
    ]


def test_nested_values_of_json(business: Business) -> None:
    """Shop systems nest the customer in the order."""
    business.deliver(
        "orders.jsonl",
        '{"id": 5, "customer": {"id": 9}, "ordered_at": "2024-01-01", "status": "paid",'
        ' "total": {"amount": "3.50"}}\n',
    )
    business.deliver(
        MAPPING_FILE,
        "inputs: {orders: {columns: {order_id: id, customer_id: customer.id,"
        " gross_amount: total.amount}}}",
    )
    business.read()
    assert business.ask("select order_id, customer_id, gross_amount from incoming.orders") == [
        ("5", "9", Decimal("3.5"))
    ]


def test_source_column(business: Business) -> None:
    """Two shops may use one id; `source` is what the documentation calls the key's source."""
    rows = "1,a,2024-01-01,paid,5"
    business.deliver("orders.csv", f"{ORDERS},source\n{rows},a\n{rows},b\n{rows},\n")
    business.deliver(
        "churn_feedback.csv",
        "feedback_id,customer_id,recorded_at,reason_code,source\n1,a,2024-01-01,price,survey\n",
    )
    business.load()
    assert business.ask("select _source from landing.orders order by 1") == [
        ("a",), ("b",), ("main",),
    ]  # fmt: skip
    assert business.ask("select _source, source from landing.churn_feedback") == [
        ("main", "survey")
    ]


def test_mapped_column_that_is_not_there_is_told(business: Business) -> None:
    """A typing error in inputs.yml must not mean an empty column without a word."""
    business.deliver("orders.csv", f"{ORDERS}\n1,a,2024-01-01,paid,5\n")
    business.deliver(
        MAPPING_FILE, "inputs: {orders: {columns: {sales_channel: Chanel, status: State}}}"
    )
    report = business.read()
    assert "has no column 'Chanel'" in report.files[0].message
    assert business.ask("select missing_columns from incoming._files") == [(["status"],)]


def test_texts_are_taken_as_they_are_written(business: Business, contract: Contract) -> None:
    """Norway must not become a false, an employee 007 not a seven, nor an id of 1.50 another."""
    business.deliver(
        MAPPING_FILE,
        """
        null_texts: [0, No, 1.50]
        inputs:
          customers:
            constants: {country: NO, account_owner_id: 007, city: 2024-05-01}
            columns: {customer_id: 010, is_test: Off}
            values: {gender: {No: ON, 01: 1.50, 1_000: 0x1F, 1:30: , true: yes}}
        """,
    )
    (delivery,) = load_mapping(business.workspace.landing, contract, "UTC")["customers"]
    assert delivery.null_texts == ("0", "No", "1.50")
    assert delivery.constants == {"country": "NO", "account_owner_id": "007", "city": "2024-05-01"}
    assert delivery.columns == {"customer_id": "010", "is_test": "Off"}
    assert delivery.values == {
        "gender": {"No": "ON", "01": "1.50", "1_000": "0x1F", "1:30": "", "true": "yes"}
    }


@pytest.mark.parametrize(
    ("text", "through"),
    [
        ("2024-10-31", "2024-10-31T23:00"),
        ("'2024-10-31'", "2024-10-31T23:00"),
        ("20241031", "2024-10-31T23:00"),
        ("2024-10-31 12:00:00", "2024-10-31T11:00"),
        ("2024-10-31T12:00:00Z", "2024-10-31T12:00"),
        ("2024-10-31 12:00:00 +03:00", "2024-10-31T09:00"),
    ],
)
def test_loaded_through_is_a_day_through_its_end_or_an_instant(
    business: Business, contract: Contract, text: str, through: str
) -> None:
    """A day read as its midnight would cut the last day off."""
    business.deliver(MAPPING_FILE, f"{{loaded_through: {text}, time_zone: Etc/GMT-1}}")
    (delivery,) = load_mapping(business.workspace.landing, contract, "UTC")["orders"]
    assert delivery.loaded_through == datetime.fromisoformat(through)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("delimeter: ';'", "Did you mean delimiter"),
        ("inputs: {order: {}}", "Did you mean orders"),
        ("inputs: {orders: {file: x}}", "Did you mean files"),
        ("inputs: {orders: {columns: {orderid: x}}}", "Did you mean order_id"),
        ("inputs: {orders: {constants: {colour: x}}}", "no column of the contract"),
        ("inputs: {orders: {values: {status: paid}}}", "must be a map"),
        ("inputs: {orders: {columns: {status: S}, constants: {status: paid}}}", "give it once"),
        ("inputs: {orders: [{}, {}]}", "only one of its entries"),
        ("format: xlsx", "must be one of"),
        ("delimiter: ';;'", "must be one sign"),
        ("encoding: klingon", "not known"),
        ("decimal: ';'", "must be one of"),
        ("{decimal: ',', thousands: ','}", "same sign"),
        ("time_zone: Berlin", "no IANA zone"),
        ("date_formats: [dd.mm.yyyy]", "no format"),
        ("loaded_through: yesterday", "a day or instant"),
        ("null_texts: [[1]]", "list of texts"),
        ("loaded_through: 20", "a day or instant"),
        ("[1, 2]", "must be a map"),
        ("a: b: c", "not valid YAML"),
        ("{decimal: ',', decimal: '.'}", "given twice"),
    ],
)
def test_what_cannot_be_followed_is_refused(
    business: Business, contract: Contract, text: str, said: str
) -> None:
    """A mapping that is not understood must never be half followed."""
    business.deliver(MAPPING_FILE, text)
    with pytest.raises(MappingError, match=MAPPING_FILE) as caught:
        load_mapping(business.workspace.landing, contract, "UTC")
    assert said in str(caught.value)
